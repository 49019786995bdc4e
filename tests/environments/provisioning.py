"""Runs `environments/provision.sh`, with a stand-in of flyctl that keeps state."""

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.harness.platforms.flying import executable

ROOT = Path(__file__).parents[2]
SCRIPT = ROOT / "environments" / "provision.sh"
STAND_IN = Path(__file__).parent / "stand_ins" / "flyctl.py"
STAGING = ("--env", "staging", "--org", "some")
# In what the stand-in prints.
PASSWORD = "CANARY-PASSWORD"
in_the_lane = pytest.mark.skipif(
    "KEYARC_VERIFY_FLY" not in os.environ, reason="`.ci/fly` runs it, for its length"
)
# What only asks.
LOOKS = (
    *("auth whoami", "apps list", "ips list", "mpg list", "mpg backup list", "secrets list"),
    *("certs list", "certs check", "machine list"),
)
EMPTY: dict[str, Any] = {
    "logged_in": True,
    "apps": {},
    "clusters": [],
    "new_cluster": "ready",
    "backups": [{"start": "2026-01-01T00:00:00Z", "status": "done"}],
    "full": [],
    "refused": [],
    "exposed": [],
}


@dataclass(frozen=True, slots=True)
class Done:
    code: int
    out: str
    err: str
    changes: tuple[str, ...]
    inputs: tuple[str, ...]

    @property
    def told(self) -> str:
        return self.out + self.err


class Fly:
    """An organization at Fly, as the stand-in keeps it."""

    def __init__(self, folder: Path, **state: Any) -> None:
        self.folder = folder
        self.home = folder / "home"
        self.home.mkdir(parents=True)
        self.flyctl = executable(
            folder / "flyctl", f"#!{sys.executable} -IS\n{STAND_IN.read_text()}"
        )
        self.state = {**EMPTY, **state}

    @property
    def state(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads((self.folder / "state.json").read_text())
        return found

    @state.setter
    def state(self, state: dict[str, Any]) -> None:
        (self.folder / "state.json").write_text(json.dumps(state))

    def provision(self, *arguments: str) -> Done:
        """Runs the script, with what it called."""
        calls = self.folder / "calls.jsonl"
        calls.write_text("")
        done = run(arguments, self.home, FLYCTL=self.flyctl, KEPT=str(self.folder))
        called = [json.loads(line) for line in calls.read_text().splitlines()]
        lines = [" ".join(call["arguments"]) for call in called]
        changes = tuple(line for line in lines if not line.startswith(LOOKS))
        inputs = tuple(call["input"] for call in called if call["input"])
        return Done(done.returncode, done.stdout, done.stderr, changes, inputs)

    def fails(self, **state: Any) -> Done:
        """Runs the script where something is so that it cannot go on."""
        self.state = {**self.state, **state}
        done = self.provision(*STAGING)
        assert done.code == 20, done
        assert PASSWORD not in done.told
        return done


def run(
    arguments: Sequence[str], home: Path, **variables: str
) -> "subprocess.CompletedProcess[str]":
    """The script as a user calls it, from a folder that is not the project's."""
    given = {"PATH": os.environ["PATH"], "HOME": str(home), "TMPDIR": str(home)}
    return subprocess.run(
        [str(SCRIPT), *arguments],
        cwd=home,
        env={**given, **variables},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )

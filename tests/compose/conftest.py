"""The system of compose.yaml, up: `.ci/compose` starts it, and says where its tree is."""

import json
import os
import subprocess
import sys
from functools import cached_property
from pathlib import Path
from typing import Any

import pytest


class System:
    """A running one.

    Args:
        tree: The files that it was started from, `.env` among them.
    """

    def __init__(self, tree: Path) -> None:
        self.tree = tree
        self.env = tree / "environments" / "compose.yaml"

    def compose(self, *words: str) -> str:
        done = subprocess.run(
            ["docker", "compose", *words],
            cwd=self.tree,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def up(self) -> None:
        self.compose("up", "--detach", "--wait")

    def containers(self) -> dict[str, dict[str, Any]]:
        """What docker knows of each, by the name of its service; jobs that have ended too."""
        ids = self.compose("ps", "--all", "--quiet").split()
        done = subprocess.run(["docker", "inspect", *ids], capture_output=True, check=True)
        label = "com.docker.compose.service"
        return {each["Config"]["Labels"][label]: each for each in json.loads(done.stdout)}

    def inside(self, service: str, code: str) -> str:
        """Runs Python in a service's container."""
        return self.compose("exec", "-T", service, "python", "-c", code).strip()

    def kill(self, service: str) -> None:
        """Kills its process as the machine's own administrator would.

        Not by `docker kill`, after which docker takes it for wanted that it is gone.
        """
        one = self.containers()[service]
        code = f"import os; os.kill({one['State']['Pid']}, 9)"
        image = self.containers()["edge"]["Image"]
        words = ["--rm", "--network=none", "--pid=host", "--user=0:0", image, "python", "-c", code]
        subprocess.run(["docker", "run", *words], check=True, stderr=subprocess.DEVNULL)

    def smoke(self, *options: str) -> tuple[int, dict[str, Any]]:
        """The exit code of `keyarc-verify smoke`, and its verdict."""
        words = ["smoke", "--env", str(self.env), "--format", "json", *options]
        done = subprocess.run(
            [sys.executable, "-m", "harness", *words],
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.stdout, done.stderr
        verdict: dict[str, Any] = json.loads(done.stdout)
        return done.returncode, verdict

    @cached_property
    def secrets(self) -> list[str]:
        """What `.env` holds."""
        lines = (self.tree / ".env").read_text().splitlines()
        values = [line.partition("=")[2] for line in lines if not line.startswith("#")]
        return [value for value in values if value]


@pytest.fixture(scope="session")
def system() -> System:
    tree = os.environ.get("KEYARC_VERIFY_COMPOSE_TREE")
    if tree is None:
        missing = "KEYARC_VERIFY_COMPOSE_TREE is not set: no system of compose.yaml is up"
        if os.environ.get("KEYARC_VERIFY_COMPOSE") == "required":
            pytest.fail(missing)
        pytest.skip(f"{missing}; `.ci/compose` starts one")
    return System(Path(tree))

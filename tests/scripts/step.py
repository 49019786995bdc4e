"""A script of the workflows, run as a step runs it."""

import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

PROJECT = Path(__file__).parents[2]
SCRIPTS = PROJECT / ".github/scripts"
# None of what a pipeline that runs these tests has set.
PLAIN = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """How it ended, and what it left."""

    code: int
    out: str
    err: str
    outputs: Mapping[str, str]
    summary: str


def step(folder: Path, script: str, *words: str, **env: str) -> Ended:
    """Runs a script in a folder; nothing of an earlier run is seen."""
    output, summary = folder / "output.github", folder / "summary.github"
    for file in (output, summary):
        file.unlink(missing_ok=True)
    ended = subprocess.run(
        [sys.executable, "-W", "error", SCRIPTS / script, *words],
        cwd=folder,
        env={
            **PLAIN,
            "GITHUB_OUTPUT": str(output),
            "GITHUB_STEP_SUMMARY": str(summary),
            **env,
        },
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    lines = output.read_text().splitlines() if output.exists() else []
    return Ended(
        code=ended.returncode,
        out=ended.stdout,
        err=ended.stderr,
        outputs=dict(line.split("=", 1) for line in lines),
        summary=summary.read_text() if summary.exists() else "",
    )

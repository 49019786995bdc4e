"""Runs a step's program as a runner does: with files for outputs and summary, and nothing else."""

import os
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.workflows.act import PROJECT

ACTIONS = PROJECT / ".github/actions"
SCRIPTS = PROJECT / ".github/scripts"


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    code: int
    outputs: Mapping[str, str]
    summary: str
    said: str


def step(
    program: Path, folder: Path, *, env: Mapping[str, str], arguments: Sequence[str] = ()
) -> Step:
    """Runs it in a folder."""
    files = {name: folder / f".{name}" for name in ("output", "summary", "path")}
    for file in files.values():
        file.write_text("")
    ended = subprocess.run(
        [program, *arguments],
        cwd=folder,
        env={
            "PATH": os.environ["PATH"],
            "GITHUB_ACTIONS": "true",
            "GITHUB_OUTPUT": str(files["output"]),
            "GITHUB_STEP_SUMMARY": str(files["summary"]),
            "GITHUB_PATH": str(files["path"]),
            "GITHUB_ACTION_PATH": str(program.parent),
            "RUNNER_TEMP": str(folder),
            **env,
        },
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=60,
        check=False,
    )
    lines = files["output"].read_text().splitlines()
    return Step(
        code=ended.returncode,
        outputs=dict(line.split("=", 1) for line in lines),
        summary=files["summary"].read_text(),
        said=ended.stdout,
    )

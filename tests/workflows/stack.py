"""A copy of this project with its stack up: what workflows deploy to, and ask."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.workflows.act import PROJECT, project_files

VERIFY = Path(sys.executable).with_name("keyarc-verify")


def verify(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Runs keyarc-verify there."""
    return subprocess.run(
        [VERIFY, *words],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(folder)},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def copied(folder: Path) -> Path:
    """The copy."""
    for name in project_files():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(PROJECT / name, folder / name)
    return folder


@contextmanager
def copied_and_up(folder: Path, release: str) -> Iterator[Path]:
    """The copy, with the environment `local` up."""
    copied(folder)
    up = verify(folder, "up", "--env", "local", "--release", release)
    assert up.returncode == 0, up.stderr
    try:
        yield folder
    finally:
        verify(folder, "down", "--env", "local")

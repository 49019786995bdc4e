"""Ends and removes what a stack left that could not end itself."""

import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import psutil

from harness.errors import StackError
from harness.stack import postmaster
from harness.stack.state import MARK, StateDirectory

GONE_WITHIN_S = 5.0
POLL_S = 0.01


def clean(directory: StateDirectory) -> str:
    """Ends and removes what an earlier stack left in its directories.

    Returns:
        What that was, for people.

    Raises:
        StackError: A container cannot be removed.
    """
    leftovers = directory.leftovers()
    try:
        swept = json.loads((directory.path / "swept.json").read_text())
    except (OSError, ValueError):
        swept = []
    swept += sweep_processes(directory) + sweep_containers(directory)
    for path in leftovers:
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)
    what = ", ".join([*swept, f"{len(leftovers)} files and folders"])
    return f"cleaned up after a stack that was killed: {what}"


def sweep_processes(directory: StateDirectory) -> list[str]:
    """Kills every process that bears the stack's mark, but this one and those above it.

    Returns:
        What was killed, for people: `postgres (pid 123)`.
    """
    shared_memory = postmaster.memory(directory.runtime / "postgres" / "data")
    mine = {os.getpid(), *(parent.pid for parent in psutil.Process().parents())}
    found = [each for each in psutil.process_iter() if _bears_mark(each, directory.path)]
    killed = {each: name for each in found if each.pid not in mine and (name := _kill(each))}
    deadline_s = time.monotonic() + GONE_WITHIN_S
    while any(map(_lives, killed)) and time.monotonic() < deadline_s:
        time.sleep(POLL_S)
    postmaster.release(shared_memory)
    return [f"{name} (pid {process.pid})" for process, name in killed.items()]


def sweep_containers(directory: StateDirectory) -> list[str]:
    """Removes the container of a database that could not do it itself.

    Docker is asked from another process: this one may be about to fork services.

    Returns:
        What was removed, for people.

    Raises:
        StackError: Docker does not answer, or does not do it.
    """
    if not directory.container_file.exists():
        return []
    command = [sys.executable, "-m", "harness.stack.engine", str(directory.path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise StackError(
            f"a container may be left of the stack in {directory.path}: {done.stderr.strip()}; "
            f"after that, `keyarc-verify down` removes it; to forget it, delete "
            f"{directory.container_file}"
        )
    return [f"container {name}" for name in done.stdout.split()]


def _bears_mark(process: psutil.Process, path: Path) -> bool:
    try:
        return process.environ().get(MARK) == str(path)
    except (psutil.Error, OSError):
        return False


def _kill(process: psutil.Process) -> str | None:
    try:
        name = process.name()
        process.kill()
    except psutil.Error:
        return None  # It ended by itself.
    return name


def _lives(process: psutil.Process) -> bool:
    """Not a zombie either: in a container there may be nobody who takes note of its end."""
    try:
        return bool(process.status() != psutil.STATUS_ZOMBIE)
    except psutil.Error:
        return False

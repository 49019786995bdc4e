"""Starts a stack, and ends one: what the commands do."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness.errors import StackError, UsageError
from harness.stack.channel import DETACH, events
from harness.stack.source import Source, must_be_within_reach
from harness.stack.state import MARK, StateDirectory

DEFAULT_RELEASE = "local"
DOWN_LIMIT_S = 20.0
POLL_S = 0.005

Progress = Callable[[str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What is to be started.

    Attributes:
        env: The environment's name, or its file.
        state_dir: Where the stack keeps its state.
        release: What services report as theirs; `local` unless given.
        rehearse: Starts another environment's stack in this one's shape.
        database: Where its database comes from, if not from where the file says.
        links: Whether a link leads from each service to each of its dependencies.
    """

    env: str | Path
    state_dir: Path
    release: str | None = None
    rehearse: bool = False
    database: Source | None = None
    links: bool = False


class Launch:
    """A supervisor on its way up. Left without `let_go`, it ends and takes the stack along."""

    def __init__(self, wanted: Wanted) -> None:
        self.directory = StateDirectory(wanted.state_dir.absolute())
        self._is_let_go = False
        self._end, theirs = socket.socketpair()
        command = [sys.executable, "-m", "harness.stack.supervisor"]
        command += ["--env", str(wanted.env), "--state-dir", str(self.directory.path)]
        command += ["--release", wanted.release or DEFAULT_RELEASE]
        command += ["--channel", str(theirs.fileno()), *(["--rehearse"] * wanted.rehearse)]
        command += ["--links"] * wanted.links
        command += ["--database", wanted.database] if wanted.database else []
        with theirs:
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                pass_fds=[theirs.fileno()],
                env={**os.environ, MARK: str(self.directory.path)},
                # Ctrl-C in a terminal is for the command: the supervisor hears of it from there.
                start_new_session=True,
            )

    def await_ready(self, progress: Progress) -> None:
        """Waits until everything answers.

        Raises:
            UsageError: The file, or the place, cannot be used.
            StackError: Something did not start.
        """
        for event in events(self._end):
            if event["event"] == "ready":
                return
            if event["event"] == "failed":
                self._process.wait()
                raise (UsageError if event["code"] == 2 else StackError)(event["text"])
            progress(event["text"])
        code = self._process.wait()
        log = self.directory.log_tail("supervisor")
        raise StackError(f"the supervisor ended too early ({code}); nothing is left running", log)

    def state(self) -> dict[str, Any]:
        state = self.directory.read()
        if state is None:
            raise StackError("the stack ended as soon as it was up")
        return state

    def let_go(self) -> None:
        """Leaves the stack up, whatever becomes of this process."""
        self._end.sendall(DETACH)
        self._is_let_go = True

    def wait(self) -> None:
        """Waits until the stack has ended."""
        self._process.wait()

    def end(self) -> None:
        """Ends the stack, at whatever point it is, unless it was let go."""
        self._end.close()
        if not self._is_let_go:
            self._process.wait()


Ready = Callable[[dict[str, Any]], object]


def up(wanted: Wanted, *, progress: Progress, ready: Ready) -> None:
    """Starts a stack and leaves it up.

    Args:
        progress: Told what happens on the way.
        ready: Given the stack's state once all of it answers.
    """
    with _launched(wanted, progress) as launch:
        ready(launch.state())
        launch.let_go()


def stay(wanted: Wanted, *, progress: Progress, ready: Ready) -> None:
    """Starts a stack, and stays with it until it ends, or this process does."""
    with _launched(wanted, progress) as launch:
        ready(launch.state())
        launch.wait()


@contextmanager
def running(wanted: Wanted, *, progress: Progress) -> Iterator[Mapping[str, str]]:
    """A stack for as long as the context lasts; it ends also when this process is killed.

    Yields:
        What the references in the environment file stand for.
    """
    with _launched(wanted, progress) as launch:
        references = launch.directory.references()
        if references is None:
            raise StackError("the stack ended as soon as it was up")
        yield references


@contextmanager
def _launched(wanted: Wanted, progress: Progress) -> Iterator[Launch]:
    must_be_within_reach(wanted.database)
    launch = Launch(wanted)
    try:
        launch.await_ready(progress)
        yield launch
    finally:
        launch.end()


def down(state_dir: Path) -> bool:
    """Ends the stack that is up here, and what a killed one left.

    Returns:
        Whether there was one.

    Raises:
        StackError: It does not end.
    """
    directory = StateDirectory(state_dir.absolute())
    found = directory.path.exists()
    deadline_s = time.monotonic() + DOWN_LIMIT_S
    asked: int | None = None
    while directory.is_held():
        holder = directory.holder_pid()
        if holder is not None and holder != asked:
            asked = holder
            os.kill(holder, signal.SIGTERM)
        if time.monotonic() > deadline_s:
            raise StackError(f"the stack in {directory.path} has not ended in {DOWN_LIMIT_S:g} s")
        time.sleep(POLL_S)
    _clean(directory)
    return found


def _clean(directory: StateDirectory) -> None:
    from harness.stack.sweep import clean

    while directory.path.exists() or directory.runtime.exists():
        try:
            directory.make()
            is_ours = directory.try_hold()
        except FileNotFoundError:
            continue  # Its supervisor, on its way out, was just removing it.
        if is_ours:
            clean(directory)
            directory.remove()
        return

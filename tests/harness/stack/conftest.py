"""Stacks started by the real command, in a directory of their own, and what is left of them."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil
import pytest
import yaml

from harness.stack.state import MARK, StateDirectory

APP = "tests.harness.stack.application:app"
ROOT = Path(__file__).parents[3]
LIMIT_S = 60
# A measured process writes its figures down when it has done all that it had to do.
IS_MEASURED = bool(os.environ.get("COVERAGE_PROCESS_CONFIG"))


class Sandbox:
    """A working directory with one environment file, and the command run in it.

    Args:
        path: The directory.
        env: The environment that is started: the sandbox's own, or one that is shipped.
    """

    def __init__(self, path: Path, env: str = "here.yaml") -> None:
        self.path = path
        self.env = env
        self.file = path / "here.yaml"
        self.state = StateDirectory(path / ".keyarc-verify" / Path(env).stem)

    def declare(self, *, instances: int = 1, **stack: Any) -> None:
        """Writes the environment file: one service `one`, unless `stack` says otherwise."""
        stack.setdefault("services", {"one": {"python": {"app": APP}}})
        environment = {
            "name": "here",
            "services": {
                "one": {
                    "url": "${stack:one.url}",
                    "instances": instances,
                    "health": {"path": "/health", "format": "none"},
                    "release": {"from": "none"},
                }
            },
            "stack": stack,
        }
        self.file.write_text(yaml.safe_dump(environment))

    def start(self, *arguments: str, **environment: str) -> "subprocess.Popen[str]":
        return subprocess.Popen(
            [sys.executable, "-m", "harness", *arguments],
            cwd=self.path,
            env={**os.environ, "PYTHONPATH": str(ROOT), **environment},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(self, *arguments: str, **environment: str) -> "Done":
        process = self.start(*arguments, **environment)
        out, err = process.communicate(timeout=LIMIT_S)
        return Done(process.returncode, out, err)

    def up(self, *arguments: str, **environment: str) -> "Done":
        return self.run("up", "--env", self.env, *arguments, **environment)

    def down(self) -> "Done":
        return self.run("down", "--env", self.env)

    def references(self) -> dict[str, str]:
        references = self.state.references()
        assert references is not None
        return references

    def processes(self) -> list[psutil.Process]:
        """Those of this sandbox's stack that live."""
        return [each for each in psutil.process_iter() if self._is_own(each)]

    def supervisor(self) -> psutil.Process:
        pid = self.state.holder_pid()
        assert pid is not None
        return psutil.Process(pid)

    def left(self) -> list[str]:
        """Everything that must not be there when no stack is up."""
        if IS_MEASURED:
            psutil.wait_procs(self.processes(), timeout=10)
        paths = [path for path in (self.state.path, self.state.runtime) if path.exists()]
        return [str(path) for path in paths] + [str(process) for process in self.processes()]

    def _is_own(self, process: psutil.Process) -> bool:
        try:
            is_own = process.environ().get(MARK) == str(self.state.path)
            return is_own and process.status() != psutil.STATUS_ZOMBIE
        except psutil.Error:
            return False


class Done:
    """A command that has ended."""

    def __init__(self, code: int, out: str, err: str) -> None:
        self.code, self.out, self.err = code, out, err

    def __repr__(self) -> str:
        return f"exit {self.code}\n{self.out}\n{self.err}"


@pytest.fixture
def sandbox(tmp_path: Path) -> Iterator[Sandbox]:
    here = Sandbox(tmp_path)
    here.declare()
    yield here
    here.down()
    for process in here.processes():
        process.send_signal(signal.SIGKILL)


@contextmanager
def kept(path: Path) -> Iterator[Sandbox]:
    """A sandbox for several tests; nothing of its stack may be left after."""
    here = Sandbox(path)
    try:
        yield here
        here.down()
        assert here.left() == []
    finally:
        here.down()
        for process in here.processes():
            process.send_signal(signal.SIGKILL)


def until(done: Callable[[], object], limit_s: float = 20) -> None:
    """Waits for a condition."""
    deadline_s = time.monotonic() + limit_s
    while not done():
        assert time.monotonic() < deadline_s, "waited in vain"
        time.sleep(0.01)

"""What runs inside a child of the supervisor: a job, a service, or a command."""

import asyncio
import importlib
import os
import shutil
import ssl
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from socket import socket
from typing import Any, NoReturn

from harness.environment import Program, PythonProgram
from harness.errors import UsageError
from harness.stack.code import Code
from harness.stack.serving import Ends, serve, server
from harness.stack.state import MARK

# What a program needs of the caller's own environment; all else is declared.
PASSED_ON = (
    "PATH",
    "HOME",
    "USER",
    "LANG",
    "LC_ALL",
    "TZ",
    "TMPDIR",
    "VIRTUAL_ENV",
    "PYTHONPATH",
    MARK,
)


class Sockets:
    """Where a service answers.

    Attributes:
        main: Its port.
        tls: Set when its port speaks TLS.
        plain: A second port, for plain http beside TLS.
    """

    def __init__(
        self, main: socket, tls: ssl.SSLContext | None = None, plain: socket | None = None
    ) -> None:
        self.main, self.tls, self.plain = main, tls, plain

    def all(self) -> list[socket]:
        return [each for each in (self.main, self.plain) if each is not None]


def environment_of(own: Mapping[str, str]) -> dict[str, str]:
    """A program's whole environment."""
    return {name: os.environ[name] for name in PASSED_ON if name in os.environ} | dict(own)


def check(name: str, program: Program) -> None:
    """Finds out before anything is started whether there is a program to start.

    Raises:
        UsageError: There is none.
    """
    if program.command and shutil.which(program.command[0]) is None:
        raise UsageError(
            f"stack.services.{name}.command: {program.command[0]!r} is not on the PATH"
        )


def load(program: PythonProgram) -> Any:
    """The object that `module:attribute` names.

    Raises:
        SystemExit: It cannot be had, in one line for the program's log.
    """
    module, _, attribute = program.app.partition(":")
    try:
        return getattr(importlib.import_module(module), attribute)
    except (ModuleNotFoundError, AttributeError) as error:
        sys.exit(f"python.app: {program.app}: {error}")


@dataclass(frozen=True)
class Command:
    """A command and its whole environment; it does nothing for `delay_s` at first."""

    words: list[str]
    environment: Mapping[str, str]
    code: Code
    delay_s: float = 0.0

    def become(self) -> NoReturn:
        """Turns this process into it, in a group of its own so that its children end with it."""
        with suppress(OSError):
            os.setpgid(0, 0)
        time.sleep(self.delay_s)
        self.code.enter()
        os.execvpe(self.words[0], self.words, self.environment)


@dataclass(frozen=True)
class Job:
    """A Python function of no arguments."""

    python: PythonProgram
    environment: Mapping[str, str]
    code: Code

    def run(self) -> None:
        _take(self.environment)
        self.code.enter()
        load(self.python)()


@dataclass(frozen=True)
class Service:
    """An ASGI application and the sockets, listening already, that it answers on.

    It does nothing for `delay_s` at first.
    """

    python: PythonProgram
    environment: Mapping[str, str]
    sockets: Sockets
    code: Code
    delay_s: float = 0.0

    def run(self, announce: Callable[[], object]) -> None:
        """Serves until it is told to end, then finishes what it has begun.

        Args:
            announce: Called once the application has started.
        """
        time.sleep(self.delay_s)
        _take(self.environment)
        self.code.enter()
        app = load(self.python)
        ends = Ends()
        pairs = [(server(app, ends, announce, self.sockets.tls), self.sockets.main)]
        if self.sockets.plain is not None:
            pairs.append((server(app, ends), self.sockets.plain))
        asyncio.run(serve(pairs, ends))


def _take(environment: Mapping[str, str]) -> None:
    os.environ.clear()
    os.environ.update(environment)

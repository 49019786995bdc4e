"""What runs inside a child of the supervisor: a job, a service, or a command."""

import asyncio
import importlib
import os
import shutil
import signal
import ssl
import sys
from collections.abc import Callable, Mapping
from contextlib import nullcontext, suppress
from dataclasses import dataclass
from socket import socket
from typing import TYPE_CHECKING, Any, NoReturn

from harness.environment import Program, PythonProgram
from harness.errors import UsageError
from harness.stack.state import MARK

if TYPE_CHECKING:
    import uvicorn

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
GRACE_S = 5


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
    """A command and its whole environment."""

    words: list[str]
    environment: Mapping[str, str]

    def become(self) -> NoReturn:
        """Turns this process into it, in a group of its own so that its children end with it."""
        with suppress(OSError):
            os.setpgid(0, 0)
        os.execvpe(self.words[0], self.words, self.environment)


@dataclass(frozen=True)
class Job:
    """A Python function of no arguments."""

    python: PythonProgram
    environment: Mapping[str, str]

    def run(self) -> None:
        _take(self.environment)
        load(self.python)()


@dataclass(frozen=True)
class Service:
    """An ASGI application and the sockets, listening already, that it answers on."""

    python: PythonProgram
    environment: Mapping[str, str]
    sockets: Sockets

    def run(self, announce: Callable[[], object]) -> None:
        """Serves until SIGTERM, then finishes what it has begun.

        Args:
            announce: Called once the application has started.
        """
        _take(self.environment)
        app = load(self.python)
        stopping = asyncio.Event()
        pairs = [(_server(app, stopping, announce, self.sockets.tls), self.sockets.main)]
        if self.sockets.plain is not None:
            pairs.append((_server(app, stopping), self.sockets.plain))
        asyncio.run(_serve(pairs, stopping))


def _server(
    app: Any,
    stopping: asyncio.Event,
    announce: Callable[[], object] | None = None,
    tls: ssl.SSLContext | None = None,
) -> "uvicorn.Server":
    """A server for one socket. The one that announces itself runs the application's lifespan."""
    import uvicorn

    class Server(uvicorn.Server):
        """Says when it has started, and stops at once, not at uvicorn's next tick."""

        capture_signals = nullcontext  # type: ignore[assignment] # two servers share one process

        async def startup(self, sockets: list[socket] | None = None) -> None:
            await super().startup(sockets)
            if announce:
                announce()

        async def main_loop(self) -> None:
            ticks = asyncio.create_task(super().main_loop())
            await stopping.wait()
            ticks.cancel()

        async def shutdown(self, sockets: list[socket] | None = None) -> None:
            if self.server_state.tasks:
                await super().shutdown(sockets)
                return
            # Nothing is being answered, so there is nothing for uvicorn's pause to wait for.
            for each in self.servers:
                each.close()
            for connection in list(self.server_state.connections):
                connection.shutdown()
            await self.lifespan.shutdown()

    return Server(
        uvicorn.Config(
            app,
            lifespan="on" if announce else "off",
            log_config=None,
            access_log=False,
            server_header=False,
            # The client's address is for the application to judge, not for the server.
            proxy_headers=False,
            timeout_graceful_shutdown=GRACE_S,
            ssl_context_factory=(lambda *_: tls) if tls else None,
        )
    )


async def _serve(pairs: list[tuple["uvicorn.Server", socket]], stopping: asyncio.Event) -> None:
    serving = asyncio.gather(*(server.serve(sockets=[socket]) for server, socket in pairs))

    def stop() -> None:
        stopping.set()
        if not all(server.started for server, _ in pairs):
            serving.cancel()  # There is nothing yet to finish.

    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop)
    with suppress(asyncio.CancelledError):
        await serving


def _take(environment: Mapping[str, str]) -> None:
    os.environ.clear()
    os.environ.update(environment)

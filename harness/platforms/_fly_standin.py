"""A stand-in, not Fly: answers `flyctl` on loopback as Fly's APIs do, as far as a rollback needs.

One address serves all three APIs that flyctl speaks to: GraphQL, the Machines API, and the newer
REST one. What is behind them is a `Backend`. It can be told to lie, for tests.
"""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import h11

from harness.platforms._fly_standin_api import Api
from harness.platforms._fly_standin_http import read, write
from harness.platforms._fly_standin_lies import Lie
from harness.platforms._fly_standin_memory import (
    Backend,
    Machine,
    Memory,
    Release,
    Wanted,
    reference,
)

__all__ = [
    "Lie",
    "Machine",
    "Memory",
    "Release",
    "Standin",
    "Wanted",
    "reference",
    "serve",
    "serving",
]


class Standin:
    """The server.

    Attributes:
        lies: How it lies about an app from now on; about those that are not there it does not.
        asked: What has been asked of it, as `METHOD path`.
    """

    def __init__(self, backend: Backend) -> None:
        self.lies: dict[str, Lie] = {}
        self.asked: list[str] = []
        self._api = Api(backend, self.lies)
        self._tasks: set[asyncio.Task[None]] = set()

    def lease(self, app: str, machine: str) -> None:
        """As if somebody else deployed to this machine just now, and went on doing so."""
        self._api.leases.take(app, machine)

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serves one connection."""
        task = asyncio.current_task()
        if task is not None:
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        connection = h11.Connection(h11.SERVER)
        with suppress(ConnectionError, h11.RemoteProtocolError, asyncio.CancelledError):
            while (asked := await read(connection, reader)) is not None:
                self.asked.append(f"{asked.method} {asked.path}")
                answer = await self._api.answered(asked)
                write(connection, writer, answer)
                await writer.drain()
                if connection.our_state is not h11.DONE or connection.their_state is not h11.DONE:
                    break
                connection.start_next_cycle()
        writer.close()

    async def end(self) -> None:
        """Ends what is still being answered."""
        for task in (tasks := list(self._tasks)):
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def serve(listening: socket.socket, backend: Backend) -> None:
    """Serves on a bound socket until it is cancelled."""
    standin = Standin(backend)
    server = await asyncio.start_server(standin.answer, sock=listening)
    try:
        await asyncio.get_running_loop().create_future()
    finally:
        server.close()
        await standin.end()


@asynccontextmanager
async def serving(backend: Backend) -> AsyncIterator[tuple[str, Standin]]:
    """A stand-in on a free port, and its address."""
    standin = Standin(backend)
    server = await asyncio.start_server(standin.answer, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    try:
        yield f"http://127.0.0.1:{port}", standin
    finally:
        server.close()
        await standin.end()

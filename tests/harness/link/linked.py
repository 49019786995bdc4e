"""A server, and a link that leads to it, on the loop of a test."""

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any

from harness.link.address import hold
from harness.link.link import Link
from harness.link.toxic import read

Talk = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
Ends = tuple[asyncio.StreamReader, asyncio.StreamWriter]
LIMIT_S = 20


async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(65536):
        writer.write(data)
        await writer.drain()


@asynccontextmanager
async def upstream(talk: Talk = echo, port: int = 0) -> AsyncIterator[tuple[str, int]]:
    """A server that talks so with everyone who comes, and then closes."""

    async def one(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError, asyncio.CancelledError):
            await talk(reader, writer)
        writer.close()

    server = await asyncio.start_server(one, "127.0.0.1", port, backlog=2048)
    try:
        yield server.sockets[0].getsockname()
    finally:
        server.close()


@asynccontextmanager
async def linked(to: tuple[str, int], **options: Any) -> AsyncIterator[Link]:
    """A link that listens and leads there."""
    link = Link("a.b", hold("127.0.0.1", 0), to, **options)
    link.enable()
    try:
        yield link
    finally:
        link.close()


@asynccontextmanager
async def client(link: Link) -> AsyncIterator[Ends]:
    """Somebody who has connected to a link."""
    reader, writer = await asyncio.open_connection(*link.listen)
    try:
        yield reader, writer
    finally:
        writer.close()
        with suppress(OSError):
            await writer.wait_closed()


def put(link: Link, type: str, *, stream: str = "downstream", **more: Any) -> None:
    """Puts a toxic on; what is not `name` or `toxicity` is an attribute."""
    own: dict[str, Any] = {key: more.pop(key) for key in ("name", "toxicity") if key in more}
    link.put(read({"type": type, "stream": stream, **own, "attributes": more}))


async def asked(ends: Ends, said: bytes = b"hello") -> bytes:
    """What comes back when one thing is said; b"" at the end."""
    reader, writer = ends
    writer.write(said)
    return await asyncio.wait_for(reader.read(65536), LIMIT_S)


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(LIMIT_S):
        while not holds():  # noqa: ASYNC110 - counts have no event
            await asyncio.sleep(0.01)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port

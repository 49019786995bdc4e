"""A door before a private service, through which the gateway has to come.

What befalls a request there is said by the request itself, in the header `X-Door`, which the
gateway passes on; so many can be tried at the same time. Without it, the door leads to the service.
"""

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from urllib.parse import urlsplit

from harness.stack.sockets import begin, listen, port_of, reserve
from suites.keyarc.waiting import Loop

HEADER = "X-Door"
LONGEST_HEAD = 256 * 1024
# Longer than the gateway waits.
LATE_S = 6.0
# What must never reach a client.
INNARDS = "Traceback (most recent call last) at account.internal:8080"

_TOKEN = re.compile(rb"(?i)(x-internal-token: )[^\r]*")
_TOLD = re.compile(rb"(?i)\r\nx-door: ([a-z ]+)\r\n")

Befall = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


def says(status: str, body: str, *headers: str, length: int | None = None) -> Befall:
    """Answers with this. `length`: what it claims to be long."""

    async def befall(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        lines = [f"HTTP/1.1 {status}", *headers, f"Content-Length: {length or len(body)}"]
        writer.write(("\r\n".join([*lines, "", ""]) + body).encode())
        await writer.drain()

    return befall


async def rubbish(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"SSH-2.0-OpenSSH_9.2\r\n")


async def hang_up(_reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
    """Closes the connection without a word."""


async def silent(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
    """Never answers."""
    await reader.read()


async def late(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(TimeoutError):
        async with asyncio.timeout(LATE_S):
            await reader.read()
    await HEALTHY(reader, writer)


async def stalls(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Begins an answer and never ends it."""
    await says("200 OK", "{", "Content-Type: application/json", length=100)(reader, writer)
    await reader.read()


JSON, HTML = "Content-Type: application/json", "Content-Type: text/html"
HEALTHY = says("200 OK", '{"status": "pass"}', JSON)
TOO_LATE: dict[str, Befall] = {"silent": silent, "late": late, "stalls": stalls}
BROKEN: dict[str, Befall] = {
    "hangs up": hang_up,
    "rubbish": rubbish,
    "cut off": says("200 OK", '{"items": [', JSON, length=100),
    "a page": says("200 OK", f"<html>{INNARDS}</html>", HTML),
    "a trace": says("500 Internal Server Error", INNARDS, "Content-Type: text/plain"),
    "an error in other words": says("500 Oh", f'{{"detail": "{INNARDS}"}}', JSON),
    "a redirect": says("302 Found", "", "Location: http://account.internal:8080/"),
    "an enormous header": says("200 OK", "{}", JSON, f"X-Huge: {'x' * 200_000}"),
}
# The service itself answers, and takes the gateway for a stranger.
WRONG_TOKEN = "a wrong token"  # noqa: S105  what befalls, and no token


class Door:
    """Listens from its making on. Until it leads somewhere, it passes for a healthy service.

    Attributes:
        told: How many requests have said what befalls them.
    """

    def __init__(self, loop: Loop) -> None:
        self._loop = loop
        self._held = listen("a door")
        self.url = f"http://127.0.0.1:{port_of(self._held)}"
        self._to: tuple[str, int] | None = None
        self._always: str | None = None
        self.told = 0
        # The event loop itself would forget them.
        self._serving: set[asyncio.Task[None]] = set()
        self._server = loop.run(self._open())

    def lead(self, url: str) -> None:
        """From here on it leads to the service there."""
        address = urlsplit(url)
        self._to = address.hostname or "", address.port or 80

    @contextmanager
    def always(self, what: str) -> Iterator[None]:
        """What befalls every request now, health included."""
        self._always = what
        try:
            yield
        finally:
            self._always = None

    @contextmanager
    def shut(self) -> Iterator[None]:
        """Nobody listens."""
        self._loop.run(self._close())
        self._held = reserve("a door", int(self.url.rpartition(":")[2]))
        try:
            yield
        finally:
            begin("a door", self._held)
            self._server = self._loop.run(self._open())

    def close(self) -> None:
        """Ends it, with all that is under way."""
        self._loop.run(self._end())

    async def _open(self) -> asyncio.Server:
        return await asyncio.start_server(self._serve, sock=self._held, limit=LONGEST_HEAD)

    async def _close(self) -> None:
        self._server.close()

    @asynccontextmanager
    async def _noted(self) -> AsyncIterator[None]:
        task = asyncio.current_task()
        assert task is not None, "a connection is served in a task of its own"
        self._serving.add(task)
        try:
            yield
        finally:
            self._serving.discard(task)

    async def _end(self) -> None:
        await self._close()
        for serving in self._serving:
            serving.cancel()
        await asyncio.gather(*self._serving, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError, asyncio.IncompleteReadError):
            async with self._noted(), _closing(writer):
                head = await reader.readuntil(b"\r\n\r\n")
                told = _TOLD.search(head)
                self.told += told is not None
                what = self._always or (told[1].decode() if told else None)
                befall = {**BROKEN, **TOO_LATE}.get(what or "")
                if befall is not None:
                    await befall(reader, writer)
                elif self._to is None:
                    await HEALTHY(reader, writer)
                else:
                    sent = _TOKEN.sub(rb"\1wrong", head) if what == WRONG_TOKEN else head
                    await _pass_on(self._to, sent, (reader, writer))


async def _pass_on(
    to: tuple[str, int], head: bytes, here: tuple[asyncio.StreamReader, asyncio.StreamWriter]
) -> None:
    there = await asyncio.open_connection(*to)
    async with _closing(there[1]):
        there[1].write(head)
        ways = [
            asyncio.create_task(_copied(here[0], there[1])),
            asyncio.create_task(_copied(there[0], here[1])),
        ]
        try:
            # Either side is done with the other when it closes the connection.
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for way in ways:
                way.cancel()
            await asyncio.gather(*ways, return_exceptions=True)


async def _copied(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while piece := await reader.read(65536):
            writer.write(piece)
            await writer.drain()


@asynccontextmanager
async def _closing(writer: asyncio.StreamWriter) -> AsyncIterator[None]:
    try:
        yield
    finally:
        writer.close()

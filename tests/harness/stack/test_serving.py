"""A server that is replaced goes, and nobody notices: every kind of connection, step by step."""

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import pytest

from harness.stack import serving
from harness.stack.serving import Ends, serve, server
from harness.stack.sockets import listen, port_of

ASKED = b"GET / HTTP/1.1\r\nHost: here\r\n\r\n"
# For what must not happen within a test.
NEVER_S = 60.0


@dataclass
class Served:
    """A server on a socket, and a part in its application's answers.

    Attributes:
        begun: A request has reached the application.
        may_end: The application goes on with it.
        over: Done when the server is.
    """

    ends: Ends
    port: int
    begun: asyncio.Event = field(default_factory=asyncio.Event)
    may_end: asyncio.Event = field(default_factory=asyncio.Event)
    over: "asyncio.Task[None] | None" = None

    async def connect(self) -> "Line":
        return Line(*await asyncio.open_connection("127.0.0.1", self.port))

    async def is_over(self) -> None:
        assert self.over is not None
        async with asyncio.timeout(20):
            await self.over


@dataclass
class Line:
    """A client's connection."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    async def ask(self) -> bytes:
        self.writer.write(ASKED)
        return await self.answer()

    async def answer(self) -> bytes:
        """Head and body."""
        async with asyncio.timeout(20):
            head = await self.reader.readuntil(b"\r\n\r\n")
            return head + await self.reader.readexactly(4)

    async def is_closed(self) -> None:
        async with asyncio.timeout(20):
            assert await self.reader.read() == b""
        self.writer.close()


@asynccontextmanager
async def served(held: socket.socket) -> AsyncIterator[Served]:
    one = Served(Ends(), port_of(held))

    async def app(
        scope: dict[str, object], receive: object, send: Callable[..., Awaitable[None]]
    ) -> None:
        if scope["type"] == "lifespan":
            return
        one.begun.set()
        head = {
            "type": "http.response.start",
            "status": 200,
            "headers": [(b"content-length", b"4")],
        }
        if scope["path"] == "/begun":
            await send(head)
        if scope["path"] != "/":
            await one.may_end.wait()
        if scope["path"] != "/begun":
            await send(head)
        await send({"type": "http.response.body", "body": b"fine"})

    started = asyncio.Event()
    made = server(app, one.ends, started.set)
    made.config.lifespan = "off"
    one.over = asyncio.create_task(serve([(made, held)], one.ends))
    await started.wait()
    try:
        yield one
    finally:
        one.ends.stop()
        await one.is_over()


def over(claim: Callable[[Served], Awaitable[None]]) -> None:
    async def inside() -> None:
        async with served(listen("a test")) as one:
            await claim(one)

    asyncio.run(inside())


@pytest.fixture(autouse=True)
def _no_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(serving, "IDLE_S", NEVER_S)
    monkeypatch.setattr(serving, "NEW_S", NEVER_S)


def test_an_idle_connection_is_answered_once_more_and_told() -> None:
    async def claim(one: Served) -> None:
        line = await one.connect()
        assert b"connection: close" not in await line.ask()
        one.ends.leaving.set()
        await refused(one)
        answer = await line.ask()
        assert (b"connection: close" in answer, answer[-4:]) == (True, b"fine")
        await line.is_closed()
        await one.is_over()

    over(claim)


async def refused(one: Served) -> None:
    """Returns when nobody listens any more."""
    while True:
        try:
            line = await one.connect()
        except OSError:
            return
        line.writer.close()
        await asyncio.sleep(0.01)


def test_a_connection_that_has_sent_nothing_yet_is_answered() -> None:
    async def claim(one: Served) -> None:
        line = await one.connect()
        one.ends.leaving.set()
        await refused(one)
        assert (await line.ask())[-4:] == b"fine"
        await line.is_closed()
        await one.is_over()

    over(claim)


def test_who_was_accepted_at_the_last_moment_is_answered() -> None:
    async def claim(one: Served) -> None:
        clients = [socket.create_connection(("127.0.0.1", one.port)) for _ in range(20)]
        # Once round the loop: they are accepted in the very round in which it is told to go.
        await asyncio.sleep(0)
        one.ends.leaving.set()
        for client in clients:
            client.setblocking(False)
            line = Line(*await asyncio.open_connection(sock=client))
            assert (await line.ask())[-4:] == b"fine"
            line.writer.close()
        await one.is_over()

    over(claim)


@pytest.mark.parametrize("path", [b"/slow", b"/begun"])
def test_a_request_in_flight_is_answered_whole(
    path: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def claim(one: Served) -> None:
        line = await one.connect()
        line.writer.write(ASKED.replace(b"/ ", path + b" ", 1))
        await one.begun.wait()
        one.ends.leaving.set()
        await refused(one)
        assert one.over is not None
        assert not one.over.done()
        one.may_end.set()
        answer = await line.answer()
        assert answer[-4:] == b"fine"
        # What had begun before could not say that it would be the last: one more is answered.
        assert (b"connection: close" in answer) == (path == b"/slow")
        if path == b"/begun":
            assert b"connection: close" in await line.ask()
        await line.is_closed()
        await one.is_over()

    over(claim)


@pytest.mark.parametrize("short", ["IDLE_S", "NEW_S"])
def test_each_kind_of_idle_client_is_waited_for_as_long_as_it_needs(
    short: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(serving, short, 0.0)

    async def claim(one: Served) -> None:
        used, new = await one.connect(), await one.connect()
        await used.ask()
        one.ends.leaving.set()
        given_up, kept = (used, new) if short == "IDLE_S" else (new, used)
        await given_up.is_closed()
        assert b"connection: close" in await kept.ask()
        await kept.is_closed()
        await one.is_over()

    over(claim)


def test_it_goes_at_once_when_told_so_meanwhile() -> None:
    async def claim(one: Served) -> None:
        line = await one.connect()
        await line.ask()
        one.ends.leaving.set()
        await refused(one)
        one.ends.stop()
        await line.is_closed()
        await one.is_over()

    over(claim)


def test_a_request_without_end_is_not_waited_for_forever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(serving, "DRAIN_LIMIT_S", 0.0)
    monkeypatch.setattr(serving, "GRACE_S", 0.1)

    async def claim(one: Served) -> None:
        line = await one.connect()
        line.writer.write(ASKED.replace(b"/ ", b"/slow ", 1))
        await one.begun.wait()
        one.ends.leaving.set()
        await one.is_over()
        line.writer.close()

    over(claim)

"""A small real HTTP server on loopback that answers as a test tells it to."""

import asyncio
import json
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

import h11


@dataclass
class Answer:
    """What to answer: parts in the order in which they are sent.

    Attributes:
        raw: Sent as it stands instead of everything else, and the connection closed.
        endless: The body is repeated until the client goes.
        hang: Nothing is answered until the client goes.
        announced: A `Content-Length` that is not the body's.
    """

    status: int = 200
    body: bytes = b"{}"
    headers: dict[str, str] = field(default_factory=dict)
    raw: bytes | None = None
    endless: bool = False
    hang: bool = False
    announced: int | None = None


@dataclass(frozen=True)
class Seen:
    """A request as it arrived; header names in lower case."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes


Handler = Callable[[Seen], Answer | Awaitable[Answer]]


@dataclass
class Server:
    """A running server. `handler` can be exchanged at any time."""

    handler: Handler
    url: str = ""
    seen: list[Seen] = field(default_factory=list)
    tasks: set[asyncio.Task[None]] = field(default_factory=set)

    news: asyncio.Event = field(default_factory=asyncio.Event)

    async def has_seen(self, path: str) -> None:
        """Returns once a request for this path has arrived."""
        while not any(seen.path == path for seen in self.seen):
            self.news.clear()
            await self.news.wait()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None, "a connection is served by a task"
        self.tasks.add(task)
        with suppress(ConnectionError, h11.RemoteProtocolError, asyncio.CancelledError):
            while await self._one(reader, writer):
                pass
        writer.transport.abort()

    async def _one(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        request = await _request(reader)
        if request is None:
            return False
        self.seen.append(request)
        self.news.set()
        answer = self.handler(request)
        if not isinstance(answer, Answer):
            answer = await answer
        if answer.hang:
            await reader.read()
            return False
        if answer.raw is not None:
            writer.write(answer.raw)
        else:
            await _send(writer, request, answer)
        if answer.raw is None and answer.announced is None:
            return True
        # All is to arrive before the connection goes.
        if writer.can_write_eof():
            # The client may have gone already.
            with suppress(OSError):
                writer.write_eof()
        await reader.read()
        return False


@asynccontextmanager
async def serving(
    handler: Handler, host: str = "127.0.0.1", *, tls: ssl.SSLContext | None = None
) -> AsyncIterator[Server]:
    """A server on a free port."""
    server = Server(handler)
    listener = await asyncio.start_server(server.serve, host, 0, ssl=tls)
    port = listener.sockets[0].getsockname()[1]
    server.url = f"{'https' if tls else 'http'}://{host}:{port}"
    try:
        yield server
    finally:
        listener.close()
        for task in server.tasks:
            task.cancel()
        await asyncio.gather(*server.tasks)


def healthy(
    checks: dict[str, str] | None = None, *, status: str = "pass", code: int = 200
) -> Answer:
    """A health answer; `checks` maps components to their states."""
    entries = {
        key if ":" in key else f"{key}:responseTime": [{"status": state}]
        for key, state in (checks or {}).items()
    }
    return Answer(
        status=code,
        body=json.dumps({"status": status, "checks": entries}).encode(),
        headers={"content-type": "application/health+json", "cache-control": "no-store"},
    )


async def _request(reader: asyncio.StreamReader) -> Seen | None:
    connection = h11.Connection(h11.SERVER)
    head: h11.Request | None = None
    body = b""
    while True:
        event = connection.next_event()
        if event is h11.NEED_DATA:
            data = await reader.read(65536)
            if not data and head is None:
                return None
            connection.receive_data(data)
        elif isinstance(event, h11.Request):
            head = event
        elif isinstance(event, h11.Data):
            body += bytes(event.data)
        elif isinstance(event, h11.EndOfMessage) and head is not None:
            headers = {name.decode(): value.decode() for name, value in head.headers}
            return Seen(head.method.decode(), head.target.decode(), headers, body)
        else:
            return None


async def _send(writer: asyncio.StreamWriter, request: Seen, answer: Answer) -> None:
    length = len(answer.body) if answer.announced is None else answer.announced
    headers = {"content-type": "application/json", **answer.headers}
    if not answer.endless:
        headers["content-length"] = str(length)
    lines = [f"HTTP/1.1 {answer.status} Whatever", *(f"{n}: {v}" for n, v in headers.items())]
    writer.write("\r\n".join(lines).encode() + b"\r\n\r\n")
    if request.method != "HEAD":
        writer.write(answer.body)
    await writer.drain()
    while answer.endless:
        writer.write(answer.body)
        await writer.drain()

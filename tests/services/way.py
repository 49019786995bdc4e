"""The way to a server, on which a test makes everything late, or silent."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress


class Way:
    """A TCP proxy.

    Attributes:
        delay_s: How long each piece that comes back waits.
        open: Whether anything passes; what comes meanwhile waits.
    """

    def __init__(self, port: int) -> None:
        self._port = port
        self.delay_s = 0.0
        self.open = asyncio.Event()
        self.open.set()

    async def connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            await self.open.wait()
            inner_reader, inner_writer = await asyncio.open_connection("127.0.0.1", self._port)
            try:
                await asyncio.gather(
                    self._pass(reader, inner_writer, late=False),
                    self._pass(inner_reader, writer, late=True),
                )
            finally:
                inner_writer.close()
                writer.close()

    async def _pass(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, late: bool
    ) -> None:
        while data := await reader.read(65536):
            await asyncio.sleep(self.delay_s if late else 0)
            await self.open.wait()
            writer.write(data)
            await writer.drain()
        writer.close()


@asynccontextmanager
async def way_to(url: str) -> AsyncIterator[tuple[Way, str]]:
    """A way, and the URL that leads over it."""
    head, _, tail = url.rpartition(":")
    port, _, path = tail.partition("/")
    way = Way(int(port))
    server = await asyncio.start_server(way.connected, "127.0.0.1", 0)
    try:
        own_port = server.sockets[0].getsockname()[1]
        yield way, f"{head}:{own_port}/{path}"
    finally:
        way.open.set()
        server.close()

"""A proxy that lets every answer wait: `python -m bench.delay PORT DELAY_MS` tells its own port.

TLS goes through it unread. What is delayed is what a server sends once the client has spoken
twice: a handshake costs what it costs, and each answer after it comes later by the same time,
however many are under way. Plain HTTP waits from the first answer on.
"""

import asyncio
import sys

_HANDSHAKE = b"\x16"


class _Server(asyncio.Protocol):
    """The side of a connection that leads to the server."""

    def __init__(self, client: "_Client", delay_s: float) -> None:
        self._client = client
        self._delay_s = delay_s

    def data_received(self, data: bytes) -> None:
        self._client.answer(data, self._delay_s if self._client.is_asking else 0)

    def connection_lost(self, error: Exception | None) -> None:
        self._client.end(self._delay_s)


class _Client(asyncio.Protocol):
    """The side that leads to the client; it connects to the server before it reads on."""

    def __init__(self, port: int, delay_s: float) -> None:
        self._port = port
        self._delay_s = delay_s
        self._chunks = 0
        self._early: list[bytes] = []
        self._server: asyncio.Transport | None = None
        self._task: asyncio.Task[None] | None = None
        self.is_asking = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._task = asyncio.create_task(self._connect())

    def data_received(self, data: bytes) -> None:
        self._chunks += 1
        self.is_asking = self._chunks > 1 or not data.startswith(_HANDSHAKE)
        if self._server is None:
            self._early.append(data)
        else:
            self._server.write(data)

    def connection_lost(self, error: Exception | None) -> None:
        if self._server is not None:
            self._server.close()

    def answer(self, data: bytes, delay_s: float) -> None:
        if delay_s:
            asyncio.get_running_loop().call_later(delay_s, self._transport.write, data)
        else:
            self._transport.write(data)

    def end(self, delay_s: float) -> None:
        asyncio.get_running_loop().call_later(delay_s, self._transport.close)

    async def _connect(self) -> None:
        def make() -> _Server:
            return _Server(self, self._delay_s)

        loop = asyncio.get_running_loop()
        self._server, _ = await loop.create_connection(make, "127.0.0.1", self._port)
        self._server.writelines(self._early)


async def serve(port: int, delay_s: float) -> None:
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: _Client(port, delay_s), "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1]), float(sys.argv[2]) / 1000))

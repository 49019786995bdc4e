"""A server of many healthy services, which costs next to nothing: `python -m bench.answering`.

It answers whatever is asked with the same healthy answer, and tells its port.
"""

import asyncio
from email.utils import formatdate

_BODY = b'{"status": "pass", "releaseId": "1", "instanceId": "1", "serviceId": "any"}'
_HEAD = (
    b"HTTP/1.1 200 OK\r\nContent-Type: application/health+json\r\nCache-Control: no-store\r\n"
    b"Content-Length: %d\r\nDate: " % len(_BODY)
)


class Answering(asyncio.Protocol):
    """One answer for each end of a request's head; none of the requests has a body."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        answer = _HEAD + formatdate(usegmt=True).encode() + b"\r\n\r\n" + _BODY
        self._transport.write(answer * data.count(b"\r\n\r\n"))


async def serve() -> None:
    server = await asyncio.get_running_loop().create_server(Answering, "127.0.0.1", 0, backlog=500)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(serve())

"""TLS in front of a link: the client's bytes leave it plain, by a socket of this machine's own."""

import asyncio
import socket
import ssl

from harness.link.connection import will_reset

_AT_ONCE_BYTES = 64 * 1024
_pumps: set[asyncio.Task[None]] = set()


class Unfinished(Exception):  # noqa: N818  how a handshake ended
    """The client did not finish the handshake; it is gone."""


async def terminate(client: socket.socket, context: ssl.SSLContext) -> socket.socket:
    """Speaks TLS with a client, whose socket is no more the caller's to close.

    Returns:
        The end of a pair by which its bytes come and go. TLS as it is here ends both directions
        at once.

    Raises:
        Unfinished: There was no handshake.
    """
    loop = asyncio.get_running_loop()
    reader = asyncio.StreamReader()
    try:
        transport, protocol = await loop.connect_accepted_socket(
            lambda: asyncio.StreamReaderProtocol(reader), client, ssl=context
        )
    except OSError as error:
        client.close()
        raise Unfinished from error
    writer = asyncio.StreamWriter(transport, protocol, reader, loop)
    inner, outer = socket.socketpair()
    for each in (inner, outer):
        each.setblocking(False)
    pump = loop.create_task(_pump(reader, writer, outer, client))
    _pumps.add(pump)
    pump.add_done_callback(_pumps.discard)
    return inner


def context(certificate: str, key: str) -> ssl.SSLContext:
    """For a server with this certificate.

    Raises:
        OSError: A file cannot be read, or is not what it should be (`ssl.SSLError`).
    """
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    made.load_cert_chain(certificate, key)
    return made


async def _pump(
    reader: asyncio.StreamReader,
    writer: asyncio.StreamWriter,
    outer: socket.socket,
    client: socket.socket,
) -> None:
    loop = asyncio.get_running_loop()

    async def inwards() -> None:
        while data := await reader.read(_AT_ONCE_BYTES):
            await loop.sock_sendall(outer, data)
        outer.shutdown(socket.SHUT_WR)

    async def outwards() -> None:
        while data := await loop.sock_recv(outer, _AT_ONCE_BYTES):
            writer.write(data)
            await writer.drain()
        if will_reset(client):
            writer.transport.abort()  # It would say goodbye first.
        else:
            writer.close()

    try:
        async with asyncio.TaskGroup() as both:
            both.create_task(inwards())
            both.create_task(outwards())
    except* OSError:
        pass  # Either side has gone; the other one is told below.
    finally:
        writer.transport.abort()
        outer.close()

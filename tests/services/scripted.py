"""A server that answers what a test tells it to, byte for byte, and a client that asks so."""

import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

import httpx

from harness.stack.sockets import listen, port_of

PATIENCE_S = 20.0


class Connection:
    """One connection, seen from the server."""

    def __init__(self, connected: socket.socket) -> None:
        connected.settimeout(PATIENCE_S)
        self._socket = connected
        self._file = connected.makefile("rb")

    def head(self) -> bytes:
        """The request line and the headers; nothing when the client has gone."""
        lines = []
        while (line := self._file.readline()) not in (b"\r\n", b""):
            lines.append(line)
        return b"".join(lines)

    def read(self, size_bytes: int) -> bytes:
        return self._file.read(size_bytes)

    def send(self, data: bytes) -> None:
        self._socket.sendall(data)

    def rest(self) -> bytes:
        """What still comes until the other side closes or resets the connection."""
        try:
            return self._file.read()
        except ConnectionResetError:
            return b""

    def close(self) -> None:
        self._file.close()
        self._socket.close()


Script = Callable[[Connection, bytes], None]


@dataclass
class Server:
    """Attributes:
    url: Where it listens.
    heads: The heads of the requests that came.
    errors: What went wrong in a script; a test looks at it at the end.
    """

    url: str
    heads: list[bytes] = field(default_factory=list)
    errors: list[Exception] = field(default_factory=list)

    def headers(self) -> list[tuple[str, str]]:
        """The headers of the only request, names as they were spelled."""
        (head,) = self.heads
        lines = head.decode("latin-1").splitlines()[1:]
        return [(line.partition(": ")[0], line.partition(": ")[2]) for line in lines]

    def targets(self) -> list[str]:
        return [head.split(b" ")[1].decode("latin-1") for head in self.heads]


@contextmanager
def server(script: Script, tls: ssl.SSLContext | None = None) -> Iterator[Server]:
    """Runs the script for each request of a connection, until one of the two sides closes it."""
    listening = listen("test")
    started = Server(f"http://127.0.0.1:{port_of(listening)}")
    threads: list[threading.Thread] = []
    connections: list[Connection] = []

    def serve(connection: Connection) -> None:
        try:
            while head := connection.head():
                started.heads.append(head)
                script(connection, head)
        except (ConnectionError, ValueError):
            pass  # Closed, by the other side or by the script.
        except Exception as error:  # noqa: BLE001 - shown to the test
            started.errors.append(error)
        finally:
            connection.close()

    def accept() -> None:
        while True:
            try:
                connected, _ = listening.accept()
            except OSError:
                return
            if tls:
                with suppress(ssl.SSLError):
                    tls.wrap_socket(connected, server_side=True)
                continue
            connections.append(Connection(connected))
            thread = threading.Thread(target=serve, args=[connections[-1]], daemon=True)
            thread.start()
            threads.append(thread)

    accepting = threading.Thread(target=accept, daemon=True)
    accepting.start()
    try:
        yield started
    finally:
        listening.shutdown(socket.SHUT_RDWR)
        listening.close()
        accepting.join(PATIENCE_S)
        for connection in connections:
            _cut(connection)
        for thread in threads:
            thread.join(PATIENCE_S)
    assert not started.errors


def _cut(connection: Connection) -> None:
    with suppress(OSError):
        connection._socket.shutdown(socket.SHUT_RDWR)


def answering(answer: bytes) -> Script:
    """Answers each request with these bytes, once its declared body is read; then hangs up."""

    def script(connection: Connection, head: bytes) -> None:
        connection.read(declared_bytes(head))
        connection.send(answer)
        connection.close()

    return script


def declared_bytes(head: bytes) -> int:
    for line in head.lower().splitlines():
        if line.startswith(b"content-length:"):
            return int(line.partition(b":")[2])
    return 0


def ok(body: bytes = b"{}", *headers: str) -> bytes:
    """A plain 200."""
    extra = "".join(f"{header}\r\n" for header in headers).encode("latin-1")
    length = f"content-length: {len(body)}\r\n".encode()
    return (
        b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n" + length + extra + b"\r\n" + body
    )


@contextmanager
def connected(client: httpx.Client) -> Iterator[Connection]:
    """A bare connection to where the client goes."""
    address = (client.base_url.host, client.base_url.port or 80)
    connection = Connection(socket.create_connection(address))
    try:
        yield connection
    finally:
        connection.close()


def exchange(client: httpx.Client, request: bytes) -> tuple[int, bytes]:
    """Sends bytes as they are; they should ask for the connection to be closed.

    Returns:
        The status, and all that came.
    """
    with connected(client) as connection:
        connection.send(request)
        answer = connection.rest()
    return int(answer.split(b" ", 2)[1]), answer

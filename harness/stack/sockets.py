"""Ports on loopback, taken before anyone needs them."""

import socket

from harness.errors import StackError

LOOPBACK = "127.0.0.1"
BACKLOG = 2048


def listen(owner: str, port: int | None = None) -> socket.socket:
    """A listening socket, on a free port unless one is given.

    Raises:
        StackError: The port is taken.
    """
    bound = _bind(owner, port)
    bound.listen(BACKLOG)
    return bound


def reserve(owner: str, port: int | None = None) -> socket.socket:
    """A port held for a program that binds it itself.

    As long as this socket does not listen, one more that also allows re-use may bind the port and
    listen; nobody else is given it meanwhile.

    Raises:
        StackError: The port is taken.
    """
    return _bind(owner, port)


def begin(owner: str, held: socket.socket) -> None:
    """Has a reserved port listen; one that does so already goes on.

    Raises:
        StackError: It cannot.
    """
    try:
        held.listen(BACKLOG)
    except OSError as error:
        raise StackError(
            f"{owner}: its port cannot be used any more: {error.strerror}; `keyarc-verify down` "
            "and `up` give it another"
        ) from None


def close(owner: str, held: socket.socket) -> socket.socket:
    """Stops listening: callers are refused from now on.

    Returns:
        What holds the port now; a closed socket where somebody else has it.
    """
    port = port_of(held)
    held.close()
    try:
        return reserve(owner, port)
    except StackError:
        return held


def datagrams(owner: str) -> socket.socket:
    """A free UDP port."""
    return _bound(owner, socket.SOCK_DGRAM, None)


def port_of(bound: socket.socket) -> int:
    port: int = bound.getsockname()[1]
    return port


def _bind(owner: str, port: int | None) -> socket.socket:
    return _bound(owner, socket.SOCK_STREAM, port)


def _bound(owner: str, kind: socket.SocketKind, port: int | None) -> socket.socket:
    # asyncio turns Nagle's algorithm off only where the protocol is named: 40 ms an answer.
    protocol = socket.IPPROTO_TCP if kind is socket.SOCK_STREAM else socket.IPPROTO_UDP
    bound = socket.socket(socket.AF_INET, kind, protocol)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        bound.bind((LOOPBACK, port or 0))
    except OSError as error:
        bound.close()
        raise StackError(
            f"{owner}: port {port} cannot be used: {error.strerror}; "
            "free it, or leave `port` out to have a free one chosen"
        ) from None
    return bound

"""`HOST:PORT`, read, shown and looked up."""

import asyncio
import errno
import ipaddress
import socket
from typing import Any

from harness.link.refusal import Refusal

_MOST = 65535


def read(text: str, what: str) -> tuple[str, int]:
    """Host and port.

    Args:
        text: `HOST:PORT`; an IPv6 address in brackets. No host at all means every address.
        what: What it is called in an error.

    Raises:
        Refusal: It is something else.
    """
    host, colon, port = text.rpartition(":")
    bare = host.removeprefix("[").removesuffix("]")
    is_right = colon and port.isascii() and port.isdigit() and int(port) <= _MOST
    if not is_right or (":" in bare and bare == host):
        raise Refusal(400, f"{what}: {text!r} is not HOST:PORT, such as 127.0.0.1:6000")
    return bare, int(port)


def shown(host: str, port: int) -> str:
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def is_loopback(host: str) -> bool:
    """Whether nobody but this machine can come there."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def hold(
    host: str, port: int, *, what: str = "listen", beyond_loopback: bool = False
) -> socket.socket:
    """Takes a port without listening on it.

    Args:
        host: An address, or `localhost`.
        port: 0 for one that the system chooses.
        what: What it is called in an error.
        beyond_loopback: Whether it may be one where others than this machine can come.

    Raises:
        Refusal: It is not loopback's, and must be; or it cannot be had.
    """
    where = shown(host, port)
    if not beyond_loopback and not is_loopback(host):
        raise Refusal(
            400, f"{what}: {where!r} can be reached from elsewhere; `--beyond-loopback` allows it"
        )
    wanted = {"localhost": "127.0.0.1", "": "0.0.0.0"}.get(host, host)  # noqa: S104 - allowed above
    family = socket.AF_INET6 if ":" in wanted else socket.AF_INET
    held = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        held.bind((wanted, port))
    except OSError as error:
        held.close()
        raise Refusal(500, f"{what} tcp {where}: bind: {error.strerror or error}") from None
    return held


async def connected(host: str, port: int) -> socket.socket:
    """A connection to the first of its addresses that takes one.

    Raises:
        OSError: None does, or the name is not known.
    """
    loop = asyncio.get_running_loop()
    failed = OSError(errno.EHOSTUNREACH, "it has no address")
    for family, where in await _found(host, port):
        end = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        end.setblocking(False)
        try:
            await loop.sock_connect(end, where)
        except OSError as error:
            end.close()
            failed = error
        except BaseException:
            end.close()
            raise
        else:
            return end
    raise failed


async def _found(host: str, port: int) -> list[tuple[socket.AddressFamily, Any]]:
    """Where that is; an address is not looked up.

    Raises:
        OSError: The name is not known.
    """
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        loop = asyncio.get_running_loop()
        answers = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        return [(family, where) for family, _, _, _, where in answers]
    family = socket.AF_INET if address.version == 4 else socket.AF_INET6
    return [(family, (host, port))]

"""Whether the names of an environment resolve here. Nothing is sent to what they name."""

import asyncio
import socket
from collections.abc import Iterable, Iterator
from contextlib import suppress
from ipaddress import ip_address
from threading import Thread

from harness.ending import is_loopback
from harness.environment import Environment
from harness.network import host_of

LIMIT_S = 3.0


def public_hosts(environment: Environment) -> list[str]:
    """Names that only DNS can lead to: of public services and, where there is one, the control.

    Addresses that are still references are left out.
    """
    return list(dict.fromkeys(_hosts(environment)))


async def unresolved(hosts: Iterable[str], limit_s: float = LIMIT_S) -> list[str]:
    """Those of the names that have no address, as far as this machine can tell.

    Args:
        limit_s: For all of them together; what is not known by then does not resolve.
    """
    loop = asyncio.get_running_loop()
    found = {host: loop.create_future() for host in hosts}
    for host, future in found.items():
        # `getaddrinfo` cannot be interrupted, and the loop's own threads are waited for.
        Thread(target=_look_up, args=(host, future), daemon=True).start()
    if found:
        await asyncio.wait(found.values(), timeout=limit_s)
    return [host for host, future in found.items() if not (future.done() and future.result())]


def _hosts(environment: Environment) -> Iterator[str]:
    for service in environment.services.values():
        if service.visibility == "public" and service.connect is None:
            yield from (host_of(url)[0] for url in service.urls if _needs_dns(url))
    if environment.control_url is not None and _needs_dns(environment.control_url):
        yield host_of(environment.control_url)[0]


def _needs_dns(url: str) -> bool:
    if "${" in url or is_loopback(url):
        return False
    try:
        ip_address(host_of(url)[0])
    except ValueError:
        return True
    return False


def _look_up(host: str, future: "asyncio.Future[bool]") -> None:
    try:
        resolves = bool(socket.getaddrinfo(host, None, type=socket.SOCK_STREAM))
    except (OSError, UnicodeError):
        resolves = False

    def tell() -> None:
        if not future.done():
            future.set_result(resolves)

    # The loop is closed where nobody waited for so long.
    with suppress(RuntimeError):
        future.get_loop().call_soon_threadsafe(tell)

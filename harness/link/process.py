"""A process that is nothing but links: what the supervisor forks, and what the command runs."""

import asyncio
import resource
import socket
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from harness.link.link import Link
from harness.link.proxies import Proxies
from harness.stack.control import address
from harness.stack.serving import Ends, server
from harness.stack.serving import serve as served

_BACKLOG = 128


class Way(NamedTuple):
    """Where a link of a stack listens and leads.

    Attributes:
        held: A socket bound with SO_REUSEADDR that does not listen (`sockets.reserve`): it keeps
            the port while the link refuses. The link listens on one of its own beside it.
        upstream: Host and port.
    """

    held: socket.socket
    upstream: tuple[str, int]


def serve(
    ways: Mapping[str, Way],
    api: socket.socket | Path,
    *,
    seed: int = 0,
    announce: Callable[[], object] | None = None,
) -> None:
    """Runs links until SIGTERM or SIGINT; blocks. For a process of its own.

    Args:
        ways: The links, by name.
        api: The socket of their API, listening, or the path of a Unix socket to be made; what was
            left there is replaced, and it is removed at the end.
        seed: For what toxics leave to chance.
        announce: Called once every link listens and the API answers.
    """
    proxies = Proxies(seed=seed)
    for name, way in ways.items():
        proxies.keep(Link(name, way.held, way.upstream, seed=seed))
    if isinstance(api, socket.socket):
        run(proxies, api, announce)
        return
    with address(api) as short, socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listener:
        Path(short).unlink(missing_ok=True)
        listener.bind(short)
        listener.listen(_BACKLOG)
        try:
            run(proxies, listener, announce)
        finally:
            Path(short).unlink(missing_ok=True)


def run(proxies: Proxies, api: socket.socket, announce: Callable[[], object] | None = None) -> None:
    """Has links listen and their API answer, until SIGTERM or SIGINT.

    Raises:
        Refusal: A link cannot listen.
    """
    _allow_many_files()
    asyncio.run(_run(proxies, api, announce))


async def _run(proxies: Proxies, api: socket.socket, announce: Callable[[], object] | None) -> None:
    from harness.link.api import application

    ends = Ends()
    try:
        proxies.enable()
        await served([(server(application(proxies), ends, announce), api)], ends)
    finally:
        proxies.close()


def _allow_many_files() -> None:
    """A connection takes two, and one more where it is stuck."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    with suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))

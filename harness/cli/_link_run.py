"""What `link` does, from its options to its last line."""

import socket
from dataclasses import dataclass
from functools import partial

import typer

from harness.errors import UsageError
from harness.link import address
from harness.link.link import Link
from harness.link.process import run
from harness.link.proxies import Proxies
from harness.link.refusal import Refusal

_BACKLOG = 128


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What was asked for: addresses are `HOST:PORT`."""

    listen: str
    to: str
    name: str
    api: str
    seed: int
    beyond_loopback: bool


def link_run(request: Request) -> None:
    """Runs one link until Ctrl-C, and tells what went through it.

    Raises:
        UsageError: An address is none, or cannot be had.
    """
    proxies = Proxies(seed=request.seed, beyond_loopback=request.beyond_loopback)
    try:
        with _api(request) as api:
            wanted = {"name": request.name, "listen": request.listen, "upstream": request.to}
            link = proxies.create(wanted | {"enabled": False})
            run(proxies, api, partial(_announce, request, link, api))
    except Refusal as refusal:
        raise UsageError(str(refusal)) from None
    typer.echo(_told(link), err=True)


def _api(request: Request) -> socket.socket:
    where = address.read(request.api, "--api")
    listener = address.hold(*where, what="--api", beyond_loopback=request.beyond_loopback)
    try:
        listener.listen(_BACKLOG)
    except OSError as error:
        listener.close()
        raise Refusal(500, f"--api: {request.api}: {error.strerror}") from None
    return listener


def _announce(request: Request, link: Link, api: socket.socket) -> None:
    listen = address.shown(*link.listen)
    typer.echo(f"{link.name}: {listen} leads to {address.shown(*link.upstream)}", err=True)
    host, port = api.getsockname()[:2]
    typer.echo(f"API on http://{address.shown(host, port)}; Ctrl-C ends both", err=True)


def _told(link: Link) -> str:
    counts = link.statistics()
    return (
        f"{link.name}: {counts['opened']} connections, {counts['upstream_bytes']} bytes to "
        f"upstream, {counts['downstream_bytes']} back; {counts['unreachable']} found upstream "
        f"unreachable, {counts['cut']} cut, {counts['reset']} reset"
    )

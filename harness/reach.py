"""Does anything answer at an address? Looked at from outside, without trusting what answers."""

import asyncio
import ssl
from dataclasses import dataclass
from functools import cache

import h11

from harness.connection import Streams, connected
from harness.errors import ServerFailure, Unreachable
from harness.model import Exchange
from harness.network import HostAndPort, Network, Refused, bracketed
from harness.trail import current, current_step

ATTEMPT_LIMIT_S = 2.0
_BODY_LIMIT_BYTES = 65536


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """Whom to ask for at an address: the host that `Host` and TLS name, and a path."""

    host: str
    path: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Reached:
    """What an attempt to reach an address ended in.

    Attributes:
        where: Address and port.
        spoke: What answers there, `HTTP 404` or `TLS`; empty where nothing does.
        unclear: Why one cannot tell whether anything does; empty where one can.
        status, body: Of the HTTP answer, where there is one.
        exchange: The evidence that decides.
    """

    where: str
    spoke: str = ""
    unclear: str = ""
    status: int | None = None
    body: bytes = b""
    exchange: Exchange | None = None


async def reached(network: Network, there: HostAndPort, visit: Visit) -> Reached:
    """Tries TLS and plain HTTP at an address.

    A TLS handshake or any HTTP answer counts; a connection that is only accepted leaves it open
    what is there.
    """
    where = f"{bracketed(there[0])}:{there[1]}"
    try:
        network.address(*there)
    except Refused as refused:
        return Reached(where=where, unclear=str(refused))
    both = await asyncio.gather(
        _attempt(network, there, visit, tls=None),
        _attempt(network, there, visit, tls=_trusting_anything()),
    )
    ranked = sorted(both, key=lambda one: (one.status is None, not one.spoke, not one.unclear))
    return ranked[0]


async def _attempt(
    network: Network, there: HostAndPort, visit: Visit, *, tls: ssl.SSLContext | None
) -> Reached:
    trail = current()
    where = f"{bracketed(there[0])}:{there[1]}"
    loop = asyncio.get_running_loop()
    ends_at = loop.time() + ATTEMPT_LIMIT_S
    try:
        way = connected(network, *there, tls=tls, name=visit.host, limit_s=ATTEMPT_LIMIT_S)
        async with way as streams:
            shaken = trail.exchanges[-1] if trail.exchanges else None
            answer = await _asked(streams, visit, (where, tls is not None), ends_at)
    except (Unreachable, ServerFailure):
        return Reached(where=where)
    if answer is not None:
        status, body, exchange = answer
        spoke = f"HTTP {status}{' over TLS' if tls else ''}"
        return Reached(where=where, spoke=spoke, status=status, body=body, exchange=exchange)
    if tls is not None:
        return Reached(where=where, spoke="TLS", exchange=shaken)
    return Reached(where=where, unclear=f"{where} accepts connections and speaks no HTTP")


async def _asked(
    streams: Streams, visit: Visit, origin: tuple[str, bool], ends_at: float
) -> tuple[int, bytes, Exchange] | None:
    """One GET, and its evidence; None where no HTTP comes."""
    trail, started_ms = current(), current().elapsed_ms()
    where, is_tls = origin
    heads: list[h11.Response] = []
    body = bytearray()
    error: str | None = None
    try:
        async with asyncio.timeout_at(ends_at):
            await _read(streams, visit, heads, body)
    except TimeoutError:
        error = f"no whole answer within {ATTEMPT_LIMIT_S:g} s"
    except (OSError, ssl.SSLError, h11.RemoteProtocolError) as broken:
        error = str(broken) or type(broken).__name__
    if not heads and error is None:
        error = "closed without an answer"
    head = heads[0] if heads else None
    exchange = Exchange(
        method="GET",
        url=f"{'https' if is_tls else 'http'}://{where}{visit.path}",
        request_headers=(("host", visit.host),),
        status=head.status_code if head else None,
        response_headers=_headers(head) if head else (),
        response_body=body.decode("utf-8", "replace") if head else None,
        error=error,
        step=current_step(),
        started_ms=started_ms,
        duration_ms=trail.elapsed_ms() - started_ms,
    )
    trail.exchanges.append(exchange)
    return (head.status_code, bytes(body), exchange) if head else None


async def _read(streams: Streams, visit: Visit, heads: list[h11.Response], body: bytearray) -> None:
    reader, writer = streams
    connection = h11.Connection(h11.CLIENT)
    headers = [("Host", visit.host), ("Accept", "*/*"), ("Connection", "close")]
    for event in (
        h11.Request(method="GET", target=visit.path, headers=headers),
        h11.EndOfMessage(),
    ):
        writer.write(connection.send(event) or b"")
    while len(body) < _BODY_LIMIT_BYTES:
        came = connection.next_event()
        if came is h11.NEED_DATA:
            connection.receive_data(await reader.read(_BODY_LIMIT_BYTES))
        elif isinstance(came, h11.Response):
            heads.append(came)
        elif isinstance(came, h11.Data):
            body += came.data
        elif not isinstance(came, h11.InformationalResponse):
            return


def _headers(head: h11.Response) -> tuple[tuple[str, str], ...]:
    return tuple((n.decode("latin-1"), v.decode("latin-1")) for n, v in head.headers)


@cache
def _trusting_anything() -> ssl.SSLContext:
    """Whose certificate it is does not matter here: that there is a handshake does."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context

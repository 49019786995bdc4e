"""Raw connections, for what HTTP does not show; each is evidence of the check that makes it."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from harness.errors import ServerFailure, Unreachable
from harness.exchange import REQUEST_LIMIT_S
from harness.model import Exchange
from harness.network import HostAndPort, Network, Refused, bracketed
from harness.trail import current, current_step

Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


@asynccontextmanager
async def connected(
    network: Network,
    host: str,
    port: int,
    *,
    tls: ssl.SSLContext | None = None,
    name: str | None = None,
    limit_s: float = REQUEST_LIMIT_S,
) -> AsyncIterator[Streams]:
    """A connection to a host, by the network's way to it; closed on leaving.

    Args:
        tls: Speaks TLS from the start.
        name: Whom TLS is with, where that is not the host.

    Raises:
        Unreachable: Refused, timed out, no such name; also where it may not be contacted.
        ServerFailure: No TLS, or none that the context trusts.
    """
    trail, started_ms = current(), current().elapsed_ms()
    error: str | None = "given up while connecting"
    try:
        reader, writer = await _open(network, (host, port), (tls, name or host), limit_s)
        error = None
    except (Unreachable, ServerFailure) as failure:
        error = str(failure)
        raise
    finally:
        trail.exchanges.append(
            Exchange(
                method="TLS" if tls else "TCP",
                url=f"{'tls' if tls else 'tcp'}://{bracketed(host)}:{port}",
                error=error,
                step=current_step(),
                started_ms=started_ms,
                duration_ms=trail.elapsed_ms() - started_ms,
            )
        )
    try:
        yield reader, writer
    finally:
        writer.transport.abort()
        with suppress(OSError, ssl.SSLError):
            await writer.wait_closed()


async def _open(
    network: Network,
    where: HostAndPort,
    secured: tuple[ssl.SSLContext | None, str],
    limit_s: float,
) -> Streams:
    (host, port), (tls, name) = where, secured
    origin = f"{'https' if tls else 'http'}://{bracketed(host)}:{port}"
    try:
        there = network.address(host, port)
        async with asyncio.timeout(limit_s):
            return await asyncio.open_connection(
                *there, ssl=tls, server_hostname=name if tls else None
            )
    except Refused as refused:
        raise Unreachable(str(refused), origin=origin) from None
    except TimeoutError:
        what = f"{host}:{port}: no connection within {limit_s:g} s"
        raise Unreachable(what, origin=origin) from None
    except ssl.SSLError as error:
        came = getattr(error, "verify_message", "") or error.reason or "no TLS"
        raise ServerFailure(
            f"TLS with {host}:{port}", expected="TLS with a trusted certificate", came=came
        ) from None
    except (OSError, ValueError) as error:
        # A name that cannot be one is a ValueError; where several addresses fail, there is no
        # `strerror`.
        reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
        what = f"{host}:{port}: no connection: {reason}"
        raise Unreachable(what, origin=origin) from None

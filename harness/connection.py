"""Raw connections, for what HTTP does not show; each is evidence of the check that makes it."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from harness.errors import ServerFailure, Unreachable
from harness.exchange import REQUEST_LIMIT_S
from harness.model import Exchange
from harness.network import Network, Refused, bracketed
from harness.trail import current, current_step

Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


@asynccontextmanager
async def connected(
    network: Network,
    host: str,
    port: int,
    *,
    tls: ssl.SSLContext | None = None,
    limit_s: float = REQUEST_LIMIT_S,
) -> AsyncIterator[Streams]:
    """A connection to a host, by the network's way to it; closed on leaving.

    Args:
        tls: Speaks TLS from the start, for that host's name.

    Raises:
        Unreachable: Refused, timed out, no such name; also where it may not be contacted.
        ServerFailure: No TLS, or none that the context trusts.
    """
    trail, started_ms = current(), current().elapsed_ms()
    error: Exception | None = None
    try:
        reader, writer = await _open(network, (host, port), tls, limit_s)
    except (Unreachable, ServerFailure) as failure:
        error = failure
        raise
    finally:
        trail.exchanges.append(
            Exchange(
                method="TLS" if tls else "TCP",
                url=f"{'tls' if tls else 'tcp'}://{bracketed(host)}:{port}",
                error=None if error is None else str(error),
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
    network: Network, where: tuple[str, int], tls: ssl.SSLContext | None, limit_s: float
) -> Streams:
    host, port = where
    origin = f"{'https' if tls else 'http'}://{bracketed(host)}:{port}"
    try:
        there = network.address(host, port)
        async with asyncio.timeout(limit_s):
            return await asyncio.open_connection(
                *there, ssl=tls, server_hostname=host if tls else None
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
    except OSError as error:
        what = f"{host}:{port}: no connection: {error.strerror or type(error).__name__}"
        raise Unreachable(what, origin=origin) from None

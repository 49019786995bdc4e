"""Is each certificate trusted, for the host that presents it, and good for long enough?"""

import asyncio
import ssl
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import cached_property

from harness.check import Check
from harness.checks._presented import Presented, moment, presented
from harness.connection import connected
from harness.environment import Environment
from harness.errors import ContractViolation, HarnessError, ServerFailure
from harness.exchange import tls_context
from harness.network import HostAndPort, Network, bracketed, host_of

_CLOCKS_MAY_DIFFER = timedelta(minutes=5)
_DAY = timedelta(days=1)
# OpenSSL's X509_V_ERR_CERT_NOT_YET_VALID and X509_V_ERR_CERT_HAS_EXPIRED.
_OUT_OF_TIME = frozenset({9, 10})


class Trust:
    """Whom an environment trusts, loaded once for all its checks: that takes its time."""

    def __init__(self, environment: Environment) -> None:
        self._ca_file = environment.tls.ca_file

    @cached_property
    def context(self) -> ssl.SSLContext:
        return tls_context(self._ca_file)


def derive(environment: Environment) -> Iterator[Check]:
    """One check for each public service that is the first one at some https host and port."""
    taken = set[HostAndPort]()
    trust = Trust(environment)
    for name, service in environment.services.items():
        if service.visibility != "public":
            continue
        secure = [host_of(url) for url in service.urls if url.startswith("https://")]
        origins = tuple(origin for origin in dict.fromkeys(secure) if origin not in taken)
        taken.update(origins)
        if origins:
            given = {"origins": origins, "trust": trust}
            yield Check(id=f"certificate.{name}", service=name, function=trusted, given=given)


async def trusted(
    network: Network, environment: Environment, origins: tuple[HostAndPort, ...], trust: Trust
) -> None:
    """Each https host presents a trusted certificate for its name, good for long enough."""
    async with asyncio.TaskGroup() as group:
        for origin in origins:
            group.create_task(_holds(network, origin, (trust, environment.tls.min_days_left)))


async def _holds(network: Network, origin: HostAndPort, asked: tuple[Trust, int]) -> None:
    trust, min_days_left = asked
    try:
        async with connected(network, *origin, tls=trust.context) as (_, writer):
            certificate = writer.get_extra_info("peercert")
    except ServerFailure as failure:
        # What `connected` translated; without a certificate's fault, it may pass another time.
        refusal = failure.__context__
        if not isinstance(refusal, ssl.SSLCertVerificationError):
            raise
    else:
        _must_last(origin, certificate["notAfter"], min_days_left)
        return
    await _explain(network, origin, refusal)


def _must_last(origin: HostAndPort, not_after: str, min_days_left: int) -> None:
    ends = datetime.fromtimestamp(ssl.cert_time_to_seconds(not_after), UTC)
    days_left = (ends - datetime.now(UTC)) / _DAY
    if days_left < min_days_left:
        raise ContractViolation(
            f"the certificate of {_name(origin)} ends soon",
            expected=f"at least {min_days_left} days left",
            came=f"{days_left:.1f} days left, until {moment(ends)}",
        )


async def _explain(
    network: Network, origin: HostAndPort, refusal: ssl.SSLCertVerificationError
) -> None:
    """Raises what a certificate that is not trusted means."""
    what = await presented(network, origin)
    if refusal.verify_code in _OUT_OF_TIME and what is not None:
        _clocks_must_agree(origin, what)
    raise ContractViolation(
        f"the certificate of {_name(origin)} is not valid",
        expected=f"one of an authority that is trusted, for {origin[0]}, good now",
        came=f"{refusal.verify_message.rstrip('.')}{f': {what}' if what else ''}",
    )


def _clocks_must_agree(origin: HostAndPort, what: Presented) -> None:
    """Whether a certificate is good now is a question of whose now it is."""
    if what.clock is None:
        return
    apart = abs(datetime.now(UTC) - what.clock)
    if apart > _CLOCKS_MAY_DIFFER:
        raise HarnessError(
            f"this machine's clock and that of {_name(origin)} differ by"
            f" {apart / timedelta(minutes=1):.0f} minutes, so whether its certificate is good now"
            f" cannot be told; it is {what}"
        )


def _name(origin: HostAndPort) -> str:
    return f"{bracketed(origin[0])}:{origin[1]}"

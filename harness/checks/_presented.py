"""What a server presents that is not trusted: looked at to tell what is wrong, never believed."""

import asyncio
import ssl
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

from harness.connection import Streams, connected
from harness.errors import ServerFailure, Unreachable
from harness.network import HostAndPort, Network, bracketed

if TYPE_CHECKING:
    from cryptography.x509 import Certificate

_ANSWER_WITHIN_S = 2.0
_NAMES_SHOWN = 5


@dataclass(frozen=True, slots=True)
class Presented:
    """A certificate as its server presents it, and the time by that server's clock."""

    subject: str
    issuer: str
    names: tuple[str, ...]
    not_before: datetime
    not_after: datetime
    clock: datetime | None

    def __str__(self) -> str:
        names = ", ".join(self.names[:_NAMES_SHOWN]) or "no host"
        return (
            f"for {names} (subject {self.subject or 'empty'}), issued by {self.issuer or 'nobody'},"
            f" good from {moment(self.not_before)} to {moment(self.not_after)}"
        )


async def presented(network: Network, origin: HostAndPort) -> Presented | None:
    """What the server of a host presents; None where that cannot be read."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    with suppress(Unreachable, ServerFailure):
        async with connected(network, *origin, tls=context) as streams:
            der = streams[1].get_extra_info("ssl_object").getpeercert(binary_form=True)
            return _read(der, await _clock(streams, origin))
    return None


def moment(when: datetime) -> str:
    return f"{when:%Y-%m-%d %H:%M} UTC"


def _read(der: bytes, clock: datetime | None) -> Presented | None:
    # Not at the top: only a certificate that is not trusted is worth its import.
    from cryptography import x509

    try:
        certificate = x509.load_der_x509_certificate(der)
        return Presented(
            subject=certificate.subject.rfc4514_string(),
            issuer=certificate.issuer.rfc4514_string(),
            names=_names(certificate),
            not_before=certificate.not_valid_before_utc,
            not_after=certificate.not_valid_after_utc,
            clock=clock,
        )
    except Exception:  # noqa: BLE001  a stranger wrote it; no more can be told of it
        return None


def _names(certificate: "Certificate") -> tuple[str, ...]:
    from cryptography import x509

    try:
        found = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    except x509.ExtensionNotFound:
        return ()
    return tuple(str(name.value) for name in found.value)


async def _clock(streams: Streams, origin: HostAndPort) -> datetime | None:
    """The `Date` of an answer to a request that says nothing of us."""
    reader, writer = streams
    host = bracketed(origin[0]) + ("" if origin[1] == 443 else f":{origin[1]}")
    writer.write(f"HEAD / HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode())
    try:
        async with asyncio.timeout(_ANSWER_WITHIN_S):
            head = await reader.readuntil(b"\r\n\r\n")
    except (OSError, EOFError, asyncio.LimitOverrunError):
        return None
    for line in head.decode("latin-1").split("\r\n"):
        name, _, value = line.partition(":")
        if name.lower() == "date":
            with suppress(ValueError):
                return parsedate_to_datetime(value.strip()).replace(tzinfo=UTC)
    return None

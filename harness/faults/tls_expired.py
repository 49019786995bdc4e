"""A dependency's certificate has expired."""

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from pydantic import Field

from harness.faults._tls import ShowsCertificate

if TYPE_CHECKING:
    import trustme


class TlsExpired(ShowsCertificate):
    """The dependency shows a certificate that has expired, and is right in all else."""

    expired_since_s: int = Field(
        86_400, ge=1, le=315_360_000, description="For how long it has been so."
    )

    def certificate(self, authority: "trustme.CA", host: str) -> "trustme.LeafCert":
        ended = datetime.now(UTC) - timedelta(seconds=self.expired_since_s)
        return authority.issue_cert(host, not_before=ended - timedelta(days=90), not_after=ended)

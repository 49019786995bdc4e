"""A dependency's certificate is somebody else's."""

from typing import TYPE_CHECKING

from harness.faults._tls import ShowsCertificate

if TYPE_CHECKING:
    import trustme


class TlsWrongHost(ShowsCertificate):
    """The dependency shows a certificate for another host, which is right in all else."""

    def certificate(self, authority: "trustme.CA", host: str) -> "trustme.LeafCert":
        return authority.issue_cert("another.invalid")

"""What faults have in common in which a dependency shows a certificate of the wrong kind.

The service is led to a link that speaks TLS, and trusts the authority that signed its certificate:
only what is wrong with the certificate is wrong.
"""

from abc import abstractmethod
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from harness.environment import Environment
from harness.faults import Fault, Place, Seen, Site
from harness.faults._settings import leading_to

if TYPE_CHECKING:
    import trustme

# Where keys are on no disk.
MEMORY = "/dev/shm" if Path("/dev/shm").is_dir() else None  # noqa: S108 - for files of one user


class ShowsCertificate(Fault):
    """A dependency is reached by TLS alone."""

    at = "http_dependency"
    kind = "tls"
    needs = frozenset({"links", "settings"})
    seen = Seen(health="fail")

    def fits(self, environment: Environment, place: Place) -> bool:
        return bool(leading_to(environment, place.service, str(place.dependency), ""))

    @abstractmethod
    def certificate(self, authority: "trustme.CA", host: str) -> "trustme.LeafCert":
        """What is shown to those who call this host."""

    async def inject(self, site: Site, place: Place) -> None:
        import trustme

        authority = trustme.CA(organization_name="keyarc-verify fault")
        at = urlsplit(site.references[f"stack:{place.dependency}.url"])
        host = str(at.hostname)
        port = await _listen(site, place, f"{host}:{at.port}", self.certificate(authority, host))
        authority.cert_pem.write_to_path(_trusted(site, place))
        there = leading_to(
            site.environment, place.service, str(place.dependency), f"https://{host}:{port}"
        )
        trusts = {"SSL_CERT_FILE": str(_trusted(site, place))}
        await site.start(place.service, settings={**there, **trusts})

    async def heal(self, site: Site, place: Place) -> None:
        await site.links.delete(_link(place))
        _trusted(site, place).unlink(missing_ok=True)
        await site.start(place.service)


async def _listen(site: Site, place: Place, upstream: str, leaf: "trustme.LeafCert") -> int:
    """Has a link show it; returns its port."""
    # The link reads its key from a file, which is there for as long as that takes.
    with leaf.private_key_and_cert_chain_pem.tempfile(dir=MEMORY) as file:
        listens = await site.links.create(
            _link(place), upstream, tls={"certificate": file, "key": file}
        )
    return int(listens.rpartition(":")[2])


def _link(place: Place) -> str:
    return f"tls.{place}"


def _trusted(site: Site, place: Place) -> Path:
    """The authority's certificate, as a file that goes with the stack."""
    return Path(site.references["stack:ca_file"]).with_name(f"{_link(place)}.pem")

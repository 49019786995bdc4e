"""Where connections go: by DNS, or to where the environment file sends them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from harness.ending import is_loopback
from harness.environment import Environment
from harness.environment.section import host_and_port

HostAndPort = tuple[str, int]
_PORTS = {"http": 80, "https": 443}


class Refused(Exception):  # noqa: N818  what a connection attempt ends in
    """The environment file forbids to contact anything beyond this machine."""


@dataclass(frozen=True, slots=True)
class Network:
    """The way to hosts.

    Attributes:
        connect: Host names and ports that are reached at another address.
        nameserver: Asked for names instead of the system's.
        loopback_only: Whatever is beyond this machine is refused.
        ca_file: Whom to trust beside, or instead of, the system's authorities.
    """

    connect: Mapping[HostAndPort, HostAndPort] = field(default_factory=dict)
    nameserver: HostAndPort | None = None
    loopback_only: bool = False
    ca_file: str | None = None

    @classmethod
    def of(cls, environment: Environment) -> "Network":
        rules = environment.network
        connect: dict[HostAndPort, HostAndPort] = {}
        for service in environment.services.values():
            if service.connect is not None:
                there = host_and_port(service.connect)
                connect |= {host_of(url): there for url in service.urls}
            if service.http.connect is not None:
                there = host_and_port(service.http.connect)
                connect |= {host_of(url): there for url in plain_urls(service.urls)}
        return cls(
            connect,
            host_and_port(rules.nameserver) if rules.nameserver else None,
            rules.loopback_only,
            environment.tls.ca_file,
        )

    def address(self, host: str, port: int) -> HostAndPort:
        """Where to connect for a host.

        Raises:
            Refused: It is beyond this machine, and nothing there may be contacted.
        """
        there = self.connect.get((host, port), (host, port))
        if self.loopback_only and not is_loopback(f"//{bracketed(there[0])}"):
            raise Refused(f"{host}:{port} is beyond this machine; `network.loopback_only` is set")
        return there

    @property
    def is_plain(self) -> bool:
        """Whether every connection goes where its URL says."""
        return not self.connect and not self.loopback_only


def host_of(url: str) -> HostAndPort:
    """Host and port of a URL, the scheme's port where it names none."""
    parts = urlsplit(url)
    return parts.hostname or "", parts.port or _PORTS.get(parts.scheme, 0)


def plain_urls(urls: tuple[str, ...]) -> list[str]:
    """What each https address on the usual port is over plain http."""
    return [
        f"http://{url.removeprefix('https://')}"
        for url in urls
        if url.startswith("https://") and urlsplit(url).port in (None, 443)
    ]


def bracketed(host: str) -> str:
    """A host as it stands in a URL: IPv6 addresses in brackets."""
    return f"[{host}]" if ":" in host else host

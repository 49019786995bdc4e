"""Where a private service might answer, and the ways of whoever looks there from outside."""

import asyncio
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from harness.check import step
from harness.checks._forged import Private
from harness.checks._sighting import Seen, Sighting, collected
from harness.checks._speaker import Speaker
from harness.ending import is_loopback
from harness.environment import Service
from harness.environment.section import host_and_port
from harness.names import is_public, literal, looked_up, sibling
from harness.network import Network, bracketed, host_of, plain_urls
from harness.reach import Reached, Visit, reached

_USUAL_PORTS = (80, 443)
# A host and the one port to try there; without one, the service's own and the usual ones.
Place = tuple[str, int | None]


@dataclass(frozen=True, slots=True)
class Outside:
    """Whoever looks for a private service from outside."""

    network: Network
    private: Private
    speaker: Speaker

    async def by_name(self, not_at: Iterable[str]) -> list[Seen]:
        """Looks at its own host, and at every name where it must not answer."""
        named = [place for place in map(_place, not_at) if not _is_address(place[0])]
        with step("by name"):
            places = dict.fromkeys([(self.private.host, None), *named])
            return await collected(self._by_name(*place) for place in places)

    async def by_address(self, not_at: Iterable[str]) -> list[Seen]:
        """Looks at every address where it must not answer, also at one of this machine."""
        places = [place for place in map(_place, not_at) if _is_address(place[0])]
        with step("by address"):
            return await collected(self._by_address(*place) for place in places)

    async def beside_the_edge(self, public: Iterable[Service]) -> list[Seen]:
        """Looks at its port on the hosts of public services, where it is not one of theirs."""
        if is_loopback(f"//{bracketed(self.private.host)}"):
            # Started here, it answers here: nothing lies between inside and outside.
            return []
        with step("port beside the edge"):
            hosts = list(_without_port(self.private.port, public, self.network))
            return await collected(self._beside(host) for host in hosts)

    async def _by_name(self, host: str, port: int | None) -> list[Seen]:
        lookup = await looked_up(self.network, host)
        public = [address for address in lookup.addresses if is_public(address)]
        doubt, every = await asyncio.gather(
            self._doubt(host, public),
            self._tried(public, self._ports(host, port), self.private.host),
        )
        trouble = lookup.trouble and f"{host} could not be looked up: {lookup.trouble}"
        unclear = [Sighting(what=why, certain=False) for why in (doubt, trouble) if why]
        return [*self._sightings(every, doubt), *unclear]

    async def _doubt(self, host: str, public: list[str]) -> str:
        """Why what answers for a host need not be there for this name; empty where it is."""
        if not public or literal(host) is not None:
            return ""
        beside = sibling(host)
        lookup = await looked_up(self.network, beside)
        if set(lookup.addresses) & set(public):
            return f"{host} leads where any name beside it does (wildcard DNS)"
        return lookup.trouble and f"{beside} could not be looked up: {lookup.trouble}"

    async def _by_address(self, host: str, port: int | None) -> list[Seen]:
        lookup = await looked_up(self.network, host)
        ports = self._ports(host, port)
        return [*self._sightings(await self._tried(lookup.addresses, ports, self.private.host))]

    async def _beside(self, host: str) -> list[Seen]:
        lookup = await looked_up(self.network, host)
        ports = self._ports(host, self.private.port)
        return [*self._sightings(await self._tried(lookup.addresses or [host], ports, host))]

    def _ports(self, host: str, port: int | None) -> list[int]:
        """Those to try, each as the network leads to it."""
        wanted = (port,) if port else (self.private.port, *_USUAL_PORTS)
        connect = self.network.connect
        return list(dict.fromkeys(connect.get((host, one), (host, one))[1] for one in wanted))

    async def _tried(
        self, addresses: Iterable[str], ports: Iterable[int], host: str
    ) -> list[Reached]:
        """What answers at addresses, asked for a host."""
        visit = Visit(host=host, path=self.private.path)
        ways = [(address, port) for address in addresses for port in ports]
        return await asyncio.gather(*(reached(self.network, way, visit) for way in ways))

    def _sightings(self, every: Iterable[Reached], doubt: str = "") -> Iterator[Sighting]:
        """Args: doubt: Only what says itself that it is this service is this service."""
        for one in every:
            said = one.status is not None and self.speaker.gave(one.status, one.body)
            if one.spoke:
                what = f"{one.where} answers {one.spoke}"
                yield Sighting(what=what, certain=not doubt or said is True, exchange=one.exchange)
            elif one.unclear:
                yield Sighting(what=one.unclear, certain=False)


def _place(text: str) -> Place:
    """An entry of `not_at`."""
    try:
        return host_and_port(text)
    except ValueError:
        return text.strip("[]"), None


def _is_address(host: str) -> bool:
    return literal(host) is not None or is_loopback(f"//{bracketed(host)}")


def _without_port(port: int, public: Iterable[Service], network: Network) -> Iterator[str]:
    """Public hosts that have no business on a port.

    One that `connect` sends to this machine is staged here: its other ports are not the edge's.
    """
    ports: dict[str, set[int]] = {}
    for service in public:
        plain = [service.http.url] if service.http.url else []
        for url in (*service.urls, *plain_urls(service.urls), *plain):
            host, own = host_of(url)
            ports.setdefault(host, set()).add(own)
    for host, own_ports in ports.items():
        leads = {network.connect.get((host, one), (host, one))[0] for one in own_ports}
        staged = any(lead != host and is_loopback(f"//{bracketed(lead)}") for lead in leads)
        if port not in own_ports and not staged:
            yield host

"""Host names, asked of DNS in a way that tells an unknown name from one that could not be asked.

Source: `getaddrinfo` knows no such difference; RFC 8020 for what NXDOMAIN says of both families.
"""

import asyncio
import secrets
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import TYPE_CHECKING

from harness.ending import is_loopback
from harness.model import Exchange
from harness.network import Network, Refused, bracketed
from harness.trail import current, current_step

if TYPE_CHECKING:
    from dns.asyncresolver import Resolver

LOOKUP_LIMIT_S = 2.0
# A server may leave it to the asker to follow an alias; a chain that is longer is a circle.
_ALIASES = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Lookup:
    """What a name leads to.

    Attributes:
        addresses: Those of both families, IPv6 without brackets.
        exists: False where DNS says NXDOMAIN; a name that exists may have no address.
        trouble: Why a family could not be asked for; what is seen is then not all there is.
    """

    addresses: tuple[str, ...] = ()
    exists: bool = True
    trouble: str = ""


async def looked_up(network: Network, host: str) -> Lookup:
    """The addresses of a host: of where the network leads it, or as DNS says.

    Addresses and names of this machine are not asked for.
    """
    ways = {there[0] for (name, _), there in network.connect.items() if name == host.lower()}
    if not ways - {host.lower()}:
        return await _looked_up(network, host)
    found = await asyncio.gather(*(_looked_up(network, way) for way in sorted(ways)))
    return Lookup(
        addresses=tuple(dict.fromkeys(a for lookup in found for a in lookup.addresses)),
        exists=any(lookup.exists for lookup in found),
        trouble="; ".join(lookup.trouble for lookup in found if lookup.trouble),
    )


def literal(host: str) -> IPv4Address | IPv6Address | None:
    """A host that is an address; None for a name."""
    try:
        return ip_address(host)
    except ValueError:
        return None


def is_public(address: str) -> bool:
    """Whether an address is one that the whole Internet can reach.

    Private, shared (100.64.0.0/10), unique local, link-local and loopback ones are not.
    """
    return ip_address(address).is_global


def sibling(host: str) -> str:
    """A name beside a host's that nobody has given out."""
    _, _, parent = host.partition(".")
    beside = parent if parent and literal(host) is None else "invalid"
    return f"keyarc-verify-{secrets.token_hex(6)}.{beside}"


async def _looked_up(network: Network, host: str) -> Lookup:
    if literal(host) is not None:
        return Lookup(addresses=(host,))
    if is_loopback(f"//{bracketed(host)}"):
        return Lookup(addresses=("127.0.0.1", "::1"))
    four, six = await asyncio.gather(_asked(network, host, "A"), _asked(network, host, "AAAA"))
    exists = four.exists and six.exists
    troubles = dict.fromkeys(one.trouble for one in (four, six) if one.trouble)
    return Lookup(
        addresses=(*four.addresses, *six.addresses),
        exists=exists,
        # One NXDOMAIN speaks for every type of record.
        trouble="; ".join(troubles) if exists else "",
    )


async def _asked(network: Network, host: str, kind: str) -> Lookup:
    """One question, and its evidence."""
    trail, started_ms = current(), current().elapsed_ms()
    lookup, text = Lookup(trouble="given up while waiting for the answer"), None
    try:
        lookup, text = await _resolved(network, host, kind)
    finally:
        trail.exchanges.append(
            Exchange(
                method="DNS",
                url=f"dns:{host}?type={kind}",
                response_body=text,
                error=lookup.trouble or None,
                step=current_step(),
                started_ms=started_ms,
                duration_ms=trail.elapsed_ms() - started_ms,
            )
        )
    return lookup


async def _resolved(network: Network, host: str, kind: str) -> tuple[Lookup, str | None]:
    """What DNS says, and the same in its own words."""
    # Imported where a name is asked for: many runs ask for none.
    from dns.exception import DNSException
    from dns.resolver import NXDOMAIN, LifetimeTimeout

    try:
        resolver = _resolver(network)
        async with asyncio.timeout(LOOKUP_LIMIT_S):
            return await _followed(resolver, host, kind)
    except NXDOMAIN:
        return Lookup(exists=False), "NXDOMAIN"
    except Refused as refused:
        trouble = str(refused)
    except (TimeoutError, LifetimeTimeout):
        asked = ", ".join(map(str, resolver.nameservers))
        trouble = f"no answer within {LOOKUP_LIMIT_S:g} s from {asked}"
    except (DNSException, OSError, ValueError) as error:
        trouble = str(error) or type(error).__name__
    return Lookup(trouble=trouble), None


async def _followed(resolver: "Resolver", host: str, kind: str) -> tuple[Lookup, str | None]:
    """The answer at the end of a name's aliases."""
    from dns.name import from_text
    from dns.resolver import NoAnswer

    name = from_text(host)
    for _ in range(_ALIASES):
        try:
            answer = await resolver.resolve(name, kind, search=False)
        except NoAnswer as none:
            alias = none.kwargs["response"].resolve_chaining().canonical_name
            if alias == name:
                return Lookup(), "no data"
            name = alias
        else:
            text = "\n".join(record.to_text() for record in answer.response.answer)
            return Lookup(addresses=tuple(record.address for record in answer)), text
    return Lookup(trouble=f"more than {_ALIASES} aliases, one after the other"), None


def _resolver(network: Network) -> "Resolver":
    """Asks the network's nameserver, or the system's; none that may not be contacted."""
    from dns.asyncresolver import Resolver
    from dns.nameserver import Do53Nameserver, Nameserver

    resolver = Resolver(configure=network.nameserver is None)
    if network.nameserver is not None:
        host, port = network.nameserver
        if literal(host) is None:
            raise ValueError(f"network.nameserver: an address is needed, not {host}")
        resolver.nameservers = [Do53Nameserver(host, port)]
    for server in resolver.nameservers:
        address = server.answer_nameserver() if isinstance(server, Nameserver) else server
        network.address(address, 53)
    resolver.lifetime = LOOKUP_LIMIT_S
    resolver.timeout = LOOKUP_LIMIT_S / 4
    return resolver

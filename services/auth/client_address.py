"""Whose request it is, where proxies stand in between."""

from collections.abc import Iterable
from ipaddress import IPv4Address, IPv6Address, ip_address

from starlette.requests import Request

from services.auth.settings import Network

Address = IPv4Address | IPv6Address


class ClientAddresses:
    """Reads the client's address: the peer's, or the one that a trusted peer names.

    Args:
        trusted: Peers whose header is believed.
        header: The header that such a proxy overwrites; None where there is none.
    """

    def __init__(self, trusted: Iterable[Network], header: str | None) -> None:
        self._trusted = tuple(trusted)
        self._header = header

    def of(self, request: Request) -> str:
        peer = _address(request.client.host if request.client else "")
        if peer is None:
            return "unknown"
        if self._header and any(peer in network for network in self._trusted):
            # The last value is the one that the proxy itself wrote.
            named = ",".join(request.headers.getlist(self._header)).rpartition(",")[2]
            return str(_address(named) or peer)
        return str(peer)


def _address(text: str) -> Address | None:
    try:
        address = ip_address(text.strip())
    except ValueError:
        return None
    # A socket that takes both families shows IPv4 peers as IPv6.
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address

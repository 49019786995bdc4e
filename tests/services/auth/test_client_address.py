"""Whose request it is."""

from ipaddress import ip_network

import pytest
from starlette.requests import Request

from services.auth.client_address import ClientAddresses

TRUSTED = ("10.0.0.0/8", "2001:db8::/32")


def request(peer: str | None, *values: str) -> Request:
    headers = [(b"x-client", value.encode("latin-1")) for value in values]
    return Request({"type": "http", "headers": headers, "client": peer and (peer, 1)})


@pytest.mark.parametrize(
    ("peer", "values", "expected"),
    [
        ("192.0.2.7", (), "192.0.2.7"),
        ("192.0.2.7", ("198.51.100.1",), "192.0.2.7"),
        ("10.1.2.3", ("198.51.100.1",), "198.51.100.1"),
        ("10.1.2.3", (" 198.51.100.1 ",), "198.51.100.1"),
        ("10.1.2.3", ("203.0.113.9, 198.51.100.1",), "198.51.100.1"),
        ("10.1.2.3", ("203.0.113.9", "198.51.100.1"), "198.51.100.1"),
        ("10.1.2.3", ("2001:DB8:0::1",), "2001:db8::1"),
        ("10.1.2.3", (), "10.1.2.3"),
        ("10.1.2.3", ("",), "10.1.2.3"),
        ("10.1.2.3", ("nobody",), "10.1.2.3"),
        ("10.1.2.3", ("198.51.100.1; DROP",), "10.1.2.3"),
        ("10.1.2.3", ("\xff",), "10.1.2.3"),
        ("::ffff:10.1.2.3", ("198.51.100.1",), "198.51.100.1"),
        ("::ffff:192.0.2.7", ("198.51.100.1",), "192.0.2.7"),
        ("2001:db8::5", ("::ffff:198.51.100.1",), "198.51.100.1"),
        ("a-socket", ("198.51.100.1",), "unknown"),
        (None, ("198.51.100.1",), "unknown"),
    ],
)
def test_header_counts_only_from_a_trusted_peer(
    peer: str | None, values: tuple[str, ...], expected: str
) -> None:
    addresses = ClientAddresses(map(ip_network, TRUSTED), "X-Client")

    assert expected == addresses.of(request(peer, *values))

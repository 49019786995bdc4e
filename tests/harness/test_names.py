"""Names are looked up so that `not there` and `could not be asked` are two answers."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import dns.flags
import dns.message
import dns.rcode
import pytest

from harness.names import LOOKUP_LIMIT_S, Lookup, is_public, looked_up, sibling
from harness.network import HostAndPort, Network
from harness.stack.nameserver import nameserver
from harness.trail import Trail

HOSTS = {
    "both.test": ["203.0.113.7", "203.0.113.8", "2001:db8::7"],
    "six.test": ["2001:db8::7"],
    "bare.test": [],
    "alias.test": ["both.test"],
    "ring.test": ["gnir.test"],
    "gnir.test": ["ring.test"],
}


def asked(host: str, **network: object) -> tuple[Lookup, Trail]:
    """A look-up at a nameserver that knows HOSTS, unless `network` says otherwise."""
    trail = Trail()

    async def run() -> Lookup:
        async with nameserver(HOSTS) as server:
            way = Network(**{"nameserver": server, **network})  # type: ignore[arg-type]  # of a test
            with trail.followed():
                return await looked_up(way, host)

    return asyncio.run(run()), trail


@asynccontextmanager
async def answering(rcode: dns.rcode.Rcode | None) -> AsyncIterator[HostAndPort]:
    """A nameserver that says the same to all; nothing at all for None."""

    class Same(asyncio.DatagramProtocol):
        def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
            if rcode is not None:
                answer = dns.message.make_response(dns.message.from_wire(data))
                answer.set_rcode(rcode)
                transport.sendto(answer.to_wire(), addr)

    loop = asyncio.get_running_loop()
    transport, _ = await loop.create_datagram_endpoint(Same, local_addr=("127.0.0.1", 0))
    try:
        host, port = transport.get_extra_info("sockname")
        yield host, port
    finally:
        transport.close()


def test_addresses_of_both_families_are_found() -> None:
    lookup, _ = asked("both.test")
    assert Lookup(addresses=("203.0.113.7", "203.0.113.8", "2001:db8::7")) == lookup


def test_a_name_of_one_family_has_no_trouble_with_the_other() -> None:
    lookup, _ = asked("six.test")
    assert Lookup(addresses=("2001:db8::7",)) == lookup


def test_an_unknown_name_does_not_exist() -> None:
    lookup, _ = asked("nobody.test")
    assert Lookup(exists=False) == lookup


def test_a_name_without_addresses_exists() -> None:
    lookup, _ = asked("bare.test")
    assert Lookup() == lookup


def test_an_alias_is_followed_where_the_server_does_not() -> None:
    lookup, _ = asked("alias.test")
    assert ("203.0.113.7", "203.0.113.8", "2001:db8::7") == lookup.addresses


def test_aliases_in_a_circle_are_trouble_and_not_an_absence() -> None:
    lookup, _ = asked("ring.test")
    assert (True, "more than 8 aliases, one after the other") == (lookup.exists, lookup.trouble)


def test_a_name_that_cannot_be_one_is_trouble() -> None:
    lookup, _ = asked("a..test")
    assert "A DNS label is empty." == lookup.trouble


def test_every_question_is_evidence_with_its_answer() -> None:
    _, trail = asked("six.test")
    told = {one.url: (one.method, one.response_body, one.error) for one in trail.exchanges}
    assert {
        "dns:six.test?type=A": ("DNS", "no data", None),
        "dns:six.test?type=AAAA": ("DNS", "six.test. 1 IN AAAA 2001:db8::7", None),
    } == told


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "203.0.113.9"])
def test_an_address_is_not_asked_for(host: str) -> None:
    lookup, trail = asked(host)
    assert (Lookup(addresses=(host,)), []) == (lookup, trail.exchanges)


@pytest.mark.parametrize("host", ["localhost", "app.localhost"])
def test_names_of_this_machine_are_not_asked_for(host: str) -> None:
    lookup, trail = asked(host)
    assert (Lookup(addresses=("127.0.0.1", "::1")), []) == (lookup, trail.exchanges)


def test_a_host_that_is_reached_elsewhere_has_the_addresses_of_there() -> None:
    connect = {("six.test", 443): ("127.0.0.1", 8443), ("six.test", 80): ("both.test", 80)}
    lookup, _ = asked("six.test", connect=connect)
    assert ("127.0.0.1", "203.0.113.7", "203.0.113.8", "2001:db8::7") == lookup.addresses


def test_a_silent_nameserver_is_trouble_within_the_limit() -> None:
    async def run() -> Lookup:
        async with answering(None) as server:
            return await looked_up(Network(nameserver=server), "some.test")

    started = time.perf_counter()
    lookup = asyncio.run(run())
    assert "no answer within 2 s from Do53:127.0.0.1@" in lookup.trouble
    assert (True, ()) == (lookup.exists, lookup.addresses)
    assert time.perf_counter() - started < LOOKUP_LIMIT_S + 2


@pytest.mark.parametrize("rcode", [dns.rcode.SERVFAIL, dns.rcode.REFUSED])
def test_a_nameserver_that_fails_is_trouble_and_not_an_absence(rcode: dns.rcode.Rcode) -> None:
    async def run() -> Lookup:
        async with answering(rcode) as server:
            return await looked_up(Network(nameserver=server), "some.test")

    lookup = asyncio.run(run())
    assert (True, ()) == (lookup.exists, lookup.addresses)
    assert lookup.trouble


def test_a_nameserver_beyond_this_machine_is_not_asked_where_that_is_forbidden() -> None:
    lookup, _ = asked("six.test", nameserver=("203.0.113.53", 53), loopback_only=True)
    assert "203.0.113.53:53 is beyond this machine" in lookup.trouble


def test_a_nameserver_needs_an_address() -> None:
    lookup, _ = asked("six.test", nameserver=("ns.test", 53))
    assert "network.nameserver: an address is needed, not ns.test" == lookup.trouble


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("8.8.8.8", True), ("2606:4700::1", True), ("64:ff9b::808:808", True),
        ("::ffff:8.8.8.8", True), ("10.1.2.3", False), ("172.31.0.1", False),
        ("192.168.0.1", False), ("127.9.9.9", False), ("169.254.1.1", False),
        ("100.64.0.1", False), ("100.127.255.255", False), ("100.128.0.1", True), ("::1", False),
        ("fd00::1", False), ("fc00::1", False), ("fe80::1%eth0", False), ("::ffff:10.0.0.1", False),
    ],
)  # fmt: skip
def test_only_what_the_internet_can_reach_is_public(address: str, expected: bool) -> None:
    assert expected is is_public(address)


def test_a_sibling_stands_beside_and_is_new_each_time() -> None:
    first, second = sibling("keys.internal.test"), sibling("keys.internal.test")
    assert first != second
    assert first.startswith("keyarc-verify-")
    assert first.endswith(".internal.test")
    assert sibling("10.0.0.1").endswith(".invalid")
    assert sibling("keys").endswith(".invalid")

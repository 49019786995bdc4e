"""Requests go where the environment file sends them, and nothing else about them changes."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from harness.environment import Environment
from harness.errors import ServerFailure, Unreachable
from harness.exchange import EvidenceClient
from harness.network import Network, Refused, host_of, plain_urls
from tests.harness.checks.certified import Authority
from tests.harness.server import Answer, Server, serving

Ask = Callable[[EvidenceClient], Awaitable[object]]


def environment(service: dict[str, Any], **sections: Any) -> Environment:
    return Environment.model_validate({"name": "test", "services": {"shop": service}, **sections})


def asking(network: Network, ask: Ask) -> None:
    async def run() -> None:
        client = EvidenceClient(network)
        try:
            await ask(client)
        finally:
            await client.close()

    asyncio.run(run())


async def get(client: EvidenceClient, url: str, **headers: str) -> httpx.Response:
    return await client.send(client.build("GET", url, headers=headers))


def test_every_address_of_a_service_leads_to_its_connect() -> None:
    network = Network.of(
        environment(
            {
                "url": "https://shop.test",
                "also_at": ["https://api.shop.test:8443/v1"],
                "connect": "127.0.0.1:9",
                "http": {"connect": "[::1]:8"},
            }
        )
    )
    assert {
        ("shop.test", 443): ("127.0.0.1", 9),
        ("api.shop.test", 8443): ("127.0.0.1", 9),
        ("shop.test", 80): ("::1", 8),
    } == network.connect
    assert not network.is_plain


def test_without_rules_everything_goes_where_its_url_says() -> None:
    network = Network.of(environment({"url": "https://shop.test"}))
    assert network.is_plain
    assert ("shop.test", 443) == network.address("shop.test", 443)


def test_rules_of_the_file_arrive() -> None:
    rules = {"nameserver": "[::1]:5353", "loopback_only": True}
    network = Network.of(environment({"url": "https://a.test"}, network=rules))
    assert (("::1", 5353), True, False) == (
        network.nameserver,
        network.loopback_only,
        network.is_plain,
    )


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.8.8", "::1", "localhost", "a.localhost"])
def test_this_machine_may_always_be_contacted(host: str) -> None:
    assert (host, 80) == Network(loopback_only=True).address(host, 80)


@pytest.mark.parametrize(
    "host", ["shop.test", "10.0.0.1", "8.8.8.8", "0.0.0.0", "::", "2001:db8::1", "localhost.test"]
)
def test_what_is_beyond_this_machine_is_refused_where_that_is_forbidden(host: str) -> None:
    with pytest.raises(Refused, match="beyond this machine"):
        Network(loopback_only=True).address(host, 80)


def test_where_a_name_leads_decides_whether_it_is_refused() -> None:
    connect = {("in.test", 80): ("127.0.0.1", 1), ("out.test", 80): ("10.0.0.1", 1)}
    network = Network(connect, loopback_only=True)
    assert ("127.0.0.1", 1) == network.address("in.test", 80)
    with pytest.raises(Refused):
        network.address("in.test", 81)
    with pytest.raises(Refused):
        network.address("out.test", 80)


def test_the_client_sends_nothing_beyond_this_machine_where_that_is_forbidden() -> None:
    with pytest.raises(Unreachable, match="beyond this machine"):
        asking(Network(loopback_only=True), lambda client: get(client, "http://shop.test/x"))


def test_a_request_that_is_sent_elsewhere_keeps_its_host() -> None:
    async def run() -> Server:
        async with serving(lambda seen: Answer()) as server:
            there = host_of(server.url)
            connect = {("shop.test", 80): there, ("shop.test", 8080): there}
            client = EvidenceClient(Network(connect, loopback_only=True))
            await get(client, "http://shop.test/a?b=c")
            await get(client, "http://shop.test:8080/")
            await get(client, "http://shop.test/", Host="forged.test")
            await get(client, server.url + "/direct", Host="forged.test")
            await client.close()
            return server

    server = asyncio.run(run())
    assert [
        ("/a?b=c", "shop.test"),
        ("/", "shop.test:8080"),
        ("/", "forged.test"),
        ("/direct", "forged.test"),
    ] == [(seen.path, seen.headers["host"]) for seen in server.seen]


def test_a_body_arrives_where_it_is_sent() -> None:
    async def run() -> Server:
        async with serving(lambda seen: Answer()) as server:
            client = EvidenceClient(Network({("shop.test", 80): host_of(server.url)}))
            await client.send(client.build("POST", "http://shop.test/", json={"n": 1}))
            await client.close()
            return server

    assert [b'{"n":1}'] == [seen.body for seen in asyncio.run(run()).seen]


def test_a_certificate_has_to_be_for_the_name_and_not_for_the_address(tmp_path: Path) -> None:
    authority = Authority(tmp_path)

    async def run() -> Server:
        async with serving(lambda seen: Answer(), tls=authority.context("one.test")) as server:
            there = host_of(server.url)
            connect = {("one.test", 443): there, ("two.test", 443): there}
            client = EvidenceClient(Network(connect, ca_file=str(authority.ca_file)))
            try:
                assert 200 == (await get(client, "https://one.test/")).status_code
                # The connection of the first name is open, to the very same address.
                with pytest.raises(ServerFailure) as caught:
                    await get(client, "https://two.test/")
                assert "certificate is not valid for 'two.test'" in caught.value.came
                with pytest.raises(ServerFailure):
                    await get(client, server.url)
                assert 200 == (await get(client, "https://one.test/")).status_code
            finally:
                await client.close()
            return server

    assert ["one.test", "one.test"] == [seen.headers["host"] for seen in asyncio.run(run()).seen]


def test_host_and_port_of_a_url_are_complete() -> None:
    urls = ["https://a.test/x", "http://A.test", "http://[::1]:8080", "https://a.test:1"]
    assert [("a.test", 443), ("a.test", 80), ("::1", 8080), ("a.test", 1)] == [
        host_of(url) for url in urls
    ]


def test_plain_http_is_known_for_the_usual_port_alone() -> None:
    urls = ("https://a.test/x", "https://b.test:443", "https://c.test:8443", "http://d.test")
    assert ["http://a.test/x", "http://b.test:443"] == plain_urls(urls)

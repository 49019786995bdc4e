"""A raw connection says how it ended, goes by the network's way, and leaves evidence."""

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest

from harness.connection import connected
from harness.errors import ServerFailure, Unreachable
from harness.exchange import tls_context
from harness.model import Exchange
from harness.network import HostAndPort, Network, host_of
from harness.trail import Trail, step
from tests.harness.checks.certified import Authority
from tests.harness.loopback import needs_ipv6
from tests.harness.server import Answer, serving


def followed(work: Callable[[], Awaitable[None]]) -> Exchange:
    """The one exchange that some work leaves."""
    trail = Trail()

    async def run() -> None:
        with trail.followed():
            await work()

    asyncio.run(run())
    [exchange] = trail.exchanges
    return exchange


def closed() -> HostAndPort:
    """A port on which nothing listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        host, port = probe.getsockname()
        return host, port


@asynccontextmanager
async def accepting() -> AsyncIterator[HostAndPort]:
    """Where one connection is accepted and nothing is ever said; left when it is over."""
    over = asyncio.Event()

    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError):
            await reader.read()
        writer.transport.abort()
        over.set()

    listener = await asyncio.start_server(silent, "127.0.0.1", 0)
    try:
        host, port = listener.sockets[0].getsockname()
        yield host, port
    finally:
        await over.wait()
        listener.close()


def test_a_connection_carries_bytes_and_is_evidence() -> None:
    async def work() -> None:
        async with serving(lambda seen: Answer(raw=b"hello")) as server:
            with step("knock"):
                async with connected(Network(), *host_of(server.url)) as (reader, writer):
                    writer.write(b"GET / HTTP/1.1\r\nhost: a\r\n\r\n")
                    assert b"hello" == await reader.read()

    exchange = followed(work)
    assert ("TCP", None, "knock") == (exchange.method, exchange.error, exchange.step)
    assert exchange.url.startswith("tcp://127.0.0.1:")


@needs_ipv6
def test_a_host_is_reached_where_the_network_leads() -> None:
    async def work() -> None:
        async with serving(lambda seen: Answer(), "::1") as server:
            port = int(server.url.rpartition(":")[2])
            network = Network({("shop.test", 80): ("::1", port)}, loopback_only=True)
            async with connected(network, "shop.test", 80) as (_, writer):
                assert ("::1", port) == writer.get_extra_info("peername")[:2]

    assert "tcp://shop.test:80" == followed(work).url


def test_a_closed_port_is_unreachable() -> None:
    host, port = closed()

    async def work() -> None:
        with pytest.raises(Unreachable, match="no connection") as caught:
            async with connected(Network(), host, port):
                pass
        assert f"http://{host}:{port}" == caught.value.origin

    assert f"{host}:{port}: no connection" in (followed(work).error or "")


@pytest.mark.parametrize("host", ["a..test", "a" * 300, "nobody.invalid"])
def test_a_host_that_cannot_be_is_unreachable(host: str) -> None:
    async def work() -> None:
        with pytest.raises(Unreachable, match="no connection"):
            async with connected(Network(), host, 80):
                pass

    assert followed(work).error


def test_nothing_beyond_this_machine_is_contacted_where_that_is_forbidden() -> None:
    async def work() -> None:
        with pytest.raises(Unreachable, match="beyond this machine"):
            async with connected(Network(loopback_only=True), "203.0.113.1", 80):
                pass

    assert "beyond this machine" in (followed(work).error or "")


def test_tls_is_for_the_name_also_where_two_share_an_address(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    trusting = tls_context(str(authority.ca_file))

    async def reach(there: HostAndPort, host: str, name: str | None = None) -> None:
        network = Network({("one.test", 443): there, ("two.test", 443): there})
        async with connected(network, host, 443, tls=trusting, name=name) as (_, writer):
            assert writer.get_extra_info("peercert")

    async def run() -> None:
        async with serving(lambda seen: Answer(), tls=authority.context("one.test")) as server:
            there = host_of(server.url)
            await reach(there, "one.test")
            with pytest.raises(ServerFailure, match=r"not valid for 'two\.test'"):
                await reach(there, "two.test")
            await reach(there, "two.test", name="one.test")

    asyncio.run(run())


def test_a_certificate_that_nobody_vouches_for_is_the_servers_failure(tmp_path: Path) -> None:
    authority = Authority(tmp_path)

    async def work() -> None:
        async with serving(lambda seen: Answer(), tls=authority.context("127.0.0.1")) as server:
            with pytest.raises(ServerFailure) as caught:
                async with connected(Network(), *host_of(server.url), tls=tls_context(None)):
                    pass
            assert "TLS with a trusted certificate" == caught.value.expected
            assert "unable to get local issuer certificate" in caught.value.came

    exchange = followed(work)
    assert "TLS" == exchange.method
    assert exchange.url.startswith("tls://")


def test_plain_http_is_no_tls() -> None:
    async def plain(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        with suppress(ConnectionError):
            await reader.read()
        writer.transport.abort()
        over.set()

    async def work() -> None:
        listener = await asyncio.start_server(plain, "127.0.0.1", 0)
        there = listener.sockets[0].getsockname()
        with pytest.raises(ServerFailure, match="WRONG_VERSION_NUMBER"):
            async with connected(Network(), *there, tls=tls_context(None)):
                pass
        await over.wait()
        listener.close()

    over = asyncio.Event()
    assert "WRONG_VERSION_NUMBER" in (followed(work).error or "")


def test_who_accepts_and_never_shakes_hands_is_unreachable_within_the_limit() -> None:
    async def work() -> None:
        async with accepting() as there:
            with pytest.raises(Unreachable, match=r"no connection within 0\.1 s"):
                async with connected(Network(), *there, tls=tls_context(None), limit_s=0.1):
                    pass

    assert followed(work).error


def test_an_attempt_that_is_cancelled_is_no_success_on_record() -> None:
    async def work() -> None:
        async def reach(there: HostAndPort) -> None:
            async with connected(Network(), *there, tls=tls_context(None)):
                pass

        async with accepting() as there:
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(reach(there), 0.05)

    assert "given up while connecting" == followed(work).error


def test_a_connection_is_closed_when_it_is_left() -> None:
    async def run() -> None:
        async with serving(lambda seen: Answer()) as server:
            async with connected(Network(), *host_of(server.url)) as (_, writer):
                pass
            assert writer.transport.is_closing()
            await asyncio.gather(*server.tasks)

    asyncio.run(asyncio.wait_for(run(), 5))

"""A client library made for Toxiproxy drives links: `toxiproxy-python`, from PyPI."""

import asyncio
import socket
import time
from collections.abc import Callable
from urllib.parse import urlsplit

import pytest
from toxiproxy import Proxy, Toxiproxy
from toxiproxy.exceptions import InvalidToxic, NotFound, ProxyExists

from tests.harness.link.linked import upstream
from tests.harness.link.served import api


def driven(test: Callable[[Toxiproxy, Proxy], None]) -> None:
    """Runs a test, on a thread of its own, with a proxy that leads to an echo."""

    async def run() -> None:
        async with api() as url, upstream() as (host, port):
            where = urlsplit(url)
            toxiproxy = Toxiproxy()
            toxiproxy.update_api_consumer(where.hostname, where.port)

            def all_of_it() -> None:
                test(toxiproxy, toxiproxy.create(upstream=f"{host}:{port}", name="echo"))

            await asyncio.to_thread(all_of_it)

    asyncio.run(run())


def asked(proxy: Proxy) -> bytes:
    host, port = proxy.listen.split(":")
    with socket.create_connection((host, int(port)), timeout=10) as end:
        end.sendall(b"hello")
        return end.recv(100)


def test_it_makes_and_lists_and_destroys_proxies() -> None:
    def test(toxiproxy: Toxiproxy, proxy: Proxy) -> None:
        assert toxiproxy.running()
        assert b'"version"' in toxiproxy.version()
        assert asked(proxy) == b"hello"
        found = toxiproxy.get_proxy("echo")
        assert (found.listen, found.upstream, found.enabled) == (
            proxy.listen,
            proxy.upstream,
            True,
        )
        with pytest.raises(ProxyExists):
            toxiproxy.create(upstream="127.0.0.1:1", name="echo")
        populated = toxiproxy.populate([{"name": "b", "upstream": "127.0.0.1:1", "listen": None}])
        assert sorted(toxiproxy.proxies()) == ["b", "echo"]
        assert populated[0].destroy()
        toxiproxy.destroy_all()
        assert toxiproxy.proxies() == {}
        with pytest.raises(NotFound):
            proxy.destroy()

    driven(test)


def test_it_adds_and_removes_toxics_that_work() -> None:
    def test(toxiproxy: Toxiproxy, proxy: Proxy) -> None:
        proxy.add_toxic(type="latency", attributes={"latency": 120, "jitter": 10})
        proxy.add_toxic(name="part", type="limit_data", attributes={"bytes": 3})
        assert sorted(proxy.toxics()) == ["latency_downstream", "part"]
        assert proxy.get_toxic("part").attributes == {"bytes": 3}
        began_s = time.monotonic()
        assert asked(proxy) == b"hel"
        assert time.monotonic() - began_s >= 0.1
        with pytest.raises(ProxyExists):
            proxy.add_toxic(type="latency")
        with pytest.raises(InvalidToxic, match="invalid toxic type"):
            proxy.add_toxic(type="lateness")
        assert proxy.destroy_toxic("part")
        assert toxiproxy.reset()
        assert proxy.toxics() == {}
        assert asked(proxy) == b"hello"

    driven(test)


def test_it_takes_a_proxy_down_for_a_while() -> None:
    def test(toxiproxy: Toxiproxy, proxy: Proxy) -> None:
        with proxy.down(), pytest.raises(ConnectionRefusedError):
            asked(proxy)
        assert asked(proxy) == b"hello"

    driven(test)

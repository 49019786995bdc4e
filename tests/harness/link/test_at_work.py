"""Toxics on a real link: on connections that are open already, and gone when they are taken off."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from random import Random

import httpx
import pytest

from harness.link.link import Link
from tests.harness.link.linked import LIMIT_S, Ends, asked, client, linked, put, until, upstream

NOTHING_S = 0.15


def over(test: Callable[[Link, Ends], Awaitable[None]]) -> None:
    """Runs a test with a link to an echo, and a connection that has been used."""

    async def run() -> None:
        async with upstream() as to, linked(to) as link, client(link) as ends:
            assert await asked(ends) == b"hello"
            await test(link, ends)

    asyncio.run(run())


async def nothing_comes(ends: Ends) -> None:
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(ends[0].read(1), NOTHING_S)


def test_latency_comes_and_goes() -> None:
    async def test(link: Link, ends: Ends) -> None:
        put(link, "latency", latency=80)
        put(link, "latency", stream="upstream", latency=40)
        began_s = time.monotonic()
        assert await asked(ends) == b"hello"
        assert time.monotonic() - began_s >= 0.12
        put(link, "latency", latency=60_000)
        ends[1].write(b"late")
        await nothing_comes(ends)
        link.take("latency_downstream")
        assert await asked(ends, b"!") in (b"late", b"late!")
        link.take("latency_upstream")
        await until(lambda: link.statistics()["downstream_bytes"] == 15)

    over(test)


def test_latency_does_not_limit_how_much_is_under_way() -> None:
    async def test(link: Link, ends: Ends) -> None:
        put(link, "latency", latency=100)
        began_s = time.monotonic()
        ends[1].write(bytes(500_000))
        await ends[0].readexactly(500_000)
        assert 0.1 <= time.monotonic() - began_s < 1.5

    over(test)


def test_bandwidth_slows_down() -> None:
    async def test(link: Link, ends: Ends) -> None:
        put(link, "bandwidth", rate=500)
        began_s = time.monotonic()
        ends[1].write(bytes(100_000))
        await ends[0].readexactly(100_000)
        assert 0.18 <= time.monotonic() - began_s < 2

    over(test)


def test_a_black_hole_swallows_and_what_is_left_after_it_is_cut() -> None:
    async def test(link: Link, ends: Ends) -> None:
        put(link, "timeout", timeout=0)
        ends[1].write(b"anybody there?")
        await nothing_comes(ends)
        link.take("timeout_downstream")
        assert await ends[0].read() == b""
        async with client(link) as again:
            assert await asked(again) == b"hello"
        worked = link.statistics()["toxics"]["timeout_downstream"]
        assert worked == {"connections": 1, "bytes": 14, "passed_bytes": 0}

    over(test)


def test_a_timeout_cuts_after_its_time_with_nothing_said() -> None:
    async def test(link: Link, ends: Ends) -> None:
        put(link, "timeout", timeout=60)
        began_s = time.monotonic()
        assert await ends[0].read() == b""
        assert time.monotonic() - began_s >= 0.055

    over(test)


def test_reset_peer_is_a_real_reset() -> None:
    async def test(link: Link, ends: Ends) -> None:
        put(link, "reset_peer", timeout=0)
        with pytest.raises(ConnectionResetError):
            await asked(ends)
        assert link.statistics()["reset"] == 1

    over(test)


def test_slow_close_holds_the_end_back() -> None:
    async def test(link: Link, ends: Ends) -> None:
        put(link, "slow_close", delay=100)
        ends[1].write_eof()
        began_s = time.monotonic()
        assert await ends[0].read() == b""
        assert time.monotonic() - began_s >= 0.095

    over(test)


def test_limit_data_cuts_and_what_came_before_arrives() -> None:
    async def test(link: Link, ends: Ends) -> None:
        put(link, "limit_data", bytes=1000)
        ends[1].write(bytes(5000))
        assert await ends[0].read() == bytes(1000)
        assert link.statistics()["cut"] == 1

    over(test)


def test_slices_arrive_as_one() -> None:
    async def test(link: Link, ends: Ends) -> None:
        put(link, "slicer", average_size=7, size_variation=3, delay=10)
        data = bytes(range(256)) * 4
        ends[1].write(data)
        assert await ends[0].readexactly(1024) == data

    over(test)


def test_switching_toxics_all_the_time_loses_and_turns_nothing() -> None:
    async def test(link: Link, ends: Ends) -> None:
        chance = Random(5)
        sent = chance.randbytes(300_000)

        async def switch() -> None:
            kinds = [("latency", {"latency": 3, "jitter": 2}), ("bandwidth", {"rate": 90_000})]
            kinds.append(("slicer", {"average_size": 900, "size_variation": 300}))
            while True:
                kind, attributes = chance.choice(kinds)
                stream = chance.choice(["upstream", "downstream"])
                put(link, kind, stream=stream, **attributes)
                await asyncio.sleep(chance.random() / 100)
                if chance.random() < 0.7:
                    link.take(f"{kind}_{stream}")

        switching = asyncio.create_task(switch())
        worked: set[str] = set()
        async with asyncio.timeout(LIMIT_S):
            while len(worked) < 6:
                ends[1].write(sent)
                assert await ends[0].readexactly(len(sent)) == sent
                counts = link.statistics()["toxics"]
                worked = {name for name, own in counts.items() if own["bytes"]}
        switching.cancel()

    over(test)


def test_toxicity_chooses_connections_by_the_seed() -> None:
    async def chosen(seed: int) -> list[bool]:
        async with upstream() as to, linked(to, seed=seed) as link:
            put(link, "reset_peer", toxicity=0.5)
            found = []
            for _ in range(40):
                async with client(link) as ends:
                    try:
                        found.append(await asked(ends) != b"hello")
                    except ConnectionResetError:
                        found.append(True)
            return found

    first, again, other = (asyncio.run(chosen(seed)) for seed in (1, 1, 2))
    assert first == again
    assert first != other
    assert 8 < sum(first) < 32


def test_an_answer_takes_the_place_of_upstream() -> None:
    async def test(link: Link, ends: Ends) -> None:
        url = "http://{}:{}".format(*link.listen)
        page = "<h1>Sign in</h1>"
        put(link, "answer", status=200, content_type="text/html", body=page)
        async with httpx.AsyncClient(base_url=url, trust_env=False) as user:
            for answer in (
                await user.get("/a"),
                await user.post("/b", content=bytes(300_000)),
                await user.head("/c"),
            ):
                assert answer.status_code == 200
                assert answer.headers["content-type"] == "text/html"
                assert answer.text == ("" if answer.request.method == "HEAD" else page)
            assert link.statistics()["opened"] == 2
            put(link, "answer", status=500, body="Internal Server Error")
            assert (await user.get("/d")).status_code == 500
            put(link, "answer", raw="\x00\xff no HTTP at all")
            with pytest.raises(httpx.RemoteProtocolError):
                await user.get("/e")
        assert link.statistics()["toxics"]["answer_downstream"]["replies"] == 5
        link.take("answer_downstream")
        async with client(link) as again:
            assert await asked(again) == b"hello"

    over(test)


def test_an_answer_ends_the_connection_where_that_was_asked_for() -> None:
    async def test(link: Link, ends: Ends) -> None:
        put(link, "answer", status=503, body="no")
        ends[1].write(b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
        answer = await ends[0].read()
        assert answer.startswith(b"HTTP/1.1 503 ")
        assert answer.endswith(b"\r\n\r\nno")

    over(test)


def test_what_is_no_http_is_no_request() -> None:
    async def test(link: Link, ends: Ends) -> None:
        put(link, "answer", status=200)
        assert (await asked(ends, b"\x16\x03\x01 nonsense\r\n\r\n")).startswith(b"HTTP/1.1 400")
        assert await ends[0].read() == b""

    over(test)

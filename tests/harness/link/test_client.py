"""`Links` over the Unix socket of a process of links: what can be done twice, and what is said."""

import asyncio
import multiprocessing
import socket
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from harness.errors import StackError, UsageError
from harness.link.client import Links
from harness.link.process import Way, serve
from harness.stack.sockets import reserve
from tests.harness.link.linked import free_port, upstream

LIMIT_S = 20


@contextmanager
def process(api: Path, ways: dict[str, Way]) -> Iterator[multiprocessing.process.BaseProcess]:
    """Links in a forked process, once it has announced itself."""
    fork = multiprocessing.get_context("fork")
    is_ready = fork.Event()
    child = fork.Process(target=serve, args=(ways, api), kwargs={"announce": is_ready.set})
    child.start()
    try:
        assert is_ready.wait(LIMIT_S)
        yield child
    finally:
        child.terminate()
        child.join(LIMIT_S)
        child.close()


def over(folder: Path, test: Callable[[Links, Way], Awaitable[None]]) -> None:
    """Runs a test with a link `a.b` that leads to an echo."""
    # The echo's port is known before its loop runs, as a service's is.
    port = free_port()
    way = Way(reserve("a.b"), ("127.0.0.1", port))
    # Deeper than the system takes as a socket's path.
    deep = folder / ("d" * 60) / ("e" * 60)
    deep.mkdir(parents=True)

    async def run() -> None:
        async with upstream(port=port), Links(deep / "links") as links:
            await test(links, way)

    with process(deep / "links", {"a.b": way}) as child, way.held:
        asyncio.run(run())
        assert child.exitcode is None
        child.terminate()
        child.join(LIMIT_S)
        assert child.exitcode == 0
    assert not (deep / "links").exists()


def asked(where: tuple[str, int]) -> bytes:
    with socket.create_connection(where, timeout=10) as end:
        end.sendall(b"hello")
        return end.recv(100)


async def ask(where: tuple[str, int]) -> bytes:
    return await asyncio.to_thread(asked, where)


def test_everything_may_be_done_twice(tmp_path: Path) -> None:
    async def test(links: Links, way: Way) -> None:
        where = way.held.getsockname()
        assert await links.names() == ["a.b"]
        for _ in range(2):
            assert await links.add("a.b", "limit_data", bytes=2) == "limit_data_downstream"
        assert await ask(where) == b"he"
        for _ in range(2):
            await links.remove("a.b", "limit_data_downstream")
        assert await ask(where) == b"hello"
        for _ in range(2):
            await links.enable("a.b", False)
        with pytest.raises(ConnectionRefusedError):
            await ask(where)
        await links.add("a.b", "reset_peer", stream="upstream", name="mine")
        for _ in range(2):
            await links.reset("a.b")
        assert await ask(where) == b"hello"
        assert (await links.statistics("a.b"))["opened"] == 3
        for _ in range(2):
            listen = await links.create("extra", f"127.0.0.1:{way.upstream[1]}")
        host, port = listen.split(":")
        assert await ask((host, int(port))) == b"hello"
        for _ in range(2):
            await links.delete("extra")
        assert await links.names() == ["a.b"]

    over(tmp_path, test)


def test_what_cannot_be_is_said_in_words(tmp_path: Path) -> None:
    async def test(links: Links, way: Way) -> None:
        with pytest.raises(UsageError, match="links: POST /proxies/no/toxics: proxy not found"):
            await links.add("no", "latency")
        with pytest.raises(UsageError, match="invalid toxic type: 'late'; there are: latency"):
            await links.add("a.b", "late")
        with pytest.raises(UsageError, match="slowness"):
            await links.add("a.b", "latency", slowness=1)
        with pytest.raises(UsageError, match="proxy not found"):
            await links.reset("no")
        with pytest.raises(UsageError, match="is not HOST:PORT"):
            await links.create("extra", "nowhere")
        assert await links.add("a.b", "answer", raw=b"\x00\xff") == "answer_downstream"
        assert await links.names() == ["a.b"]

    over(tmp_path, test)


def test_links_that_are_not_there_are_said(tmp_path: Path) -> None:
    async def run() -> None:
        for path in (tmp_path / "links", tmp_path / "no" / ("d" * 100) / "links"):
            async with Links(path) as links:
                with pytest.raises(StackError, match="do not answer"):
                    await links.names()

    asyncio.run(run())


def test_open_connections_do_not_keep_it_from_ending(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        way = Way(reserve("a.b"), silent.getsockname())
        with (
            way.held,
            process(tmp_path / "links", {"a.b": way}) as child,
            socket.create_connection(way.held.getsockname()),
            silent.accept()[0],
        ):
            began_s = time.monotonic()
            child.terminate()
            child.join(LIMIT_S)
            assert child.exitcode == 0
            assert time.monotonic() - began_s < 3

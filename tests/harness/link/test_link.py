"""A link with no toxic on: nothing is lost, added or kept."""

import asyncio
import random
import resource
import socket

import pytest

from harness.link.flow import _buffer
from tests.harness.link.linked import asked, client, echo, free_port, linked, put, until, upstream

MIB = 1024 * 1024


def test_what_is_sent_arrives_both_ways_at_once() -> None:
    sent = random.Random(1).randbytes(8 * MIB + 7)

    async def run() -> None:
        async with upstream() as to, linked(to) as link, client(link) as (reader, writer):
            back = asyncio.create_task(reader.readexactly(len(sent)))
            writer.write(sent)
            assert await back == sent
            counts = link.statistics()
            assert counts["upstream_bytes"] == counts["downstream_bytes"] == len(sent)
            assert (counts["opened"], counts["open"]) == (1, 1)

    asyncio.run(run())


def test_a_client_that_has_said_all_still_gets_its_answer() -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"%d bytes" % len(await reader.read()))

    async def run() -> None:
        async with upstream(talk) as to, linked(to) as link, client(link) as (reader, writer):
            writer.write(bytes(3 * MIB))
            writer.write_eof()
            assert await reader.read() == b"%d bytes" % (3 * MIB)
            await until(lambda: link.statistics()["open"] == 0)

    asyncio.run(run())


def test_a_server_that_has_said_all_still_hears_its_client() -> None:
    heard = asyncio.Queue[bytes]()

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"bye")
        writer.write_eof()
        await heard.put(await reader.read())

    async def run() -> None:
        async with upstream(talk) as to, linked(to) as link, client(link) as (reader, writer):
            assert await reader.read() == b"bye"
            writer.write(b"and one more thing")
            writer.write_eof()
            assert await heard.get() == b"and one more thing"
            await until(lambda: link.statistics()["open"] == 0)

    asyncio.run(run())


@pytest.mark.parametrize("has_toxic", [False, True])
def test_a_slow_reader_bounds_what_is_kept(has_toxic: bool) -> None:
    whole = 64 * MIB
    sent = 0

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal sent
        while sent < whole:
            writer.write(bytes(65536))
            sent += 65536
            await writer.drain()

    async def run() -> None:
        async with upstream(talk) as to, linked(to) as link:
            if has_toxic:
                put(link, "latency", latency=1)
            with socket.create_connection(link.listen) as idle:
                seen = -1
                while seen != link.statistics()["downstream_bytes"]:
                    seen = link.statistics()["downstream_bytes"]
                    await asyncio.sleep(0.1)
                assert sent < whole
                # What the system keeps for the client, and what the link does.
                flow = next(iter(link._connections)).flows["downstream"]
                assert len(flow._rest) + flow.waiting_bytes <= len(_buffer) + MIB
                got = 0
                idle.setblocking(False)
                loop = asyncio.get_running_loop()
                while data := await loop.sock_recv(idle, MIB):
                    got += len(data)
                assert got == whole

    asyncio.run(run())


def test_thousands_of_connections_at_once() -> None:
    count = 2000
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, min(hard, 5 * count)), hard))

    async def run() -> None:
        async with upstream() as to, linked(to) as link:
            loop = asyncio.get_running_loop()
            ends = [socket.create_connection(link.listen) for _ in range(count)]
            await until(lambda: link.open_count == count)
            for number, end in enumerate(ends):
                end.sendall(b"%d" % number)
                end.setblocking(False)
            for number, end in enumerate(ends):
                assert await loop.sock_recv(end, 100) == b"%d" % number
            for end in ends:
                end.close()
            await until(lambda: link.open_count == 0)
            assert link.statistics()["reset"] == 0

    try:
        asyncio.run(run())
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_a_link_that_is_off_refuses_and_cuts_and_keeps_its_port() -> None:
    async def run() -> None:
        async with upstream() as to, linked(to) as link, client(link) as ends:
            assert await asked(ends) == b"hello"
            where = link.listen
            link.disable()
            link.disable()
            assert await ends[0].read() == b""
            with pytest.raises(ConnectionRefusedError):
                await asyncio.open_connection(*where)
            link.enable()
            link.enable()
            assert link.listen == where
            async with client(link) as again:
                assert await asked(again) == b"hello"
            assert link.statistics()["cut"] == 1

    asyncio.run(run())


def test_an_upstream_that_is_not_there_is_a_reset_and_counted() -> None:
    async def run() -> None:
        async with linked(("127.0.0.1", free_port())) as link, client(link) as (reader, _):
            with pytest.raises(ConnectionResetError):
                await reader.read()
            assert link.statistics()["unreachable"] == 1
            assert link.statistics()["opened"] == 0

    asyncio.run(run())


def test_an_upstream_by_name_is_looked_up() -> None:
    async def run() -> None:
        async with (
            upstream() as (_, port),
            linked(("localhost", port)) as link,
            client(link) as ends,
        ):
            assert await asked(ends) == b"hello"
        async with linked(("nowhere.invalid", 1)) as link, client(link) as (reader, _):
            with pytest.raises(ConnectionResetError):
                await reader.read()

    asyncio.run(run())


def test_a_reset_by_one_side_reaches_the_other() -> None:
    from harness.link.connection import reset_on_close

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        reset_on_close(writer.get_extra_info("socket"))
        writer.transport.abort()

    async def run() -> None:
        async with upstream(talk) as to, linked(to) as link, client(link) as ends:
            with pytest.raises(ConnectionResetError):
                await asked(ends)
            assert link.statistics()["reset"] == 1

    asyncio.run(run())


def test_a_link_that_ends_frees_its_port() -> None:
    async def run() -> None:
        async with upstream(echo) as to:
            async with linked(to) as link, client(link) as ends:
                assert await asked(ends) == b"hello"
                where = link.listen
            with socket.socket() as free:
                free.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                free.bind(where)
                free.listen()

    asyncio.run(run())

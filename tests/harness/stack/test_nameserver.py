import asyncio

import dns.asyncquery
import dns.message
import dns.rcode
import pytest

from harness.network import HostAndPort
from harness.stack.nameserver import nameserver

HOSTS = {"site.test": ["127.0.0.1", "127.0.0.2", "::1"]}


async def ask(server: HostAndPort, name: str, kind: str) -> dns.message.Message:
    query = dns.message.make_query(name, kind)
    return await dns.asyncquery.udp(query, server[0], port=server[1], timeout=5)


@pytest.mark.parametrize(
    ("name", "kind", "expected"),
    [
        ("site.test", "A", {"127.0.0.1", "127.0.0.2"}),
        ("SITE.test", "AAAA", {"::1"}),
        ("site.test", "MX", set()),
    ],
)
def test_a_known_name_answers_with_what_it_has(name: str, kind: str, expected: set[str]) -> None:
    async def run() -> dns.message.Message:
        async with nameserver(HOSTS) as server:
            return await ask(server, name, kind)

    answer = asyncio.run(run())
    assert dns.rcode.NOERROR == answer.rcode()
    assert expected == {record.to_text() for records in answer.answer for record in records}


def test_a_wildcard_stands_for_every_other_name_beside_it() -> None:
    async def run() -> list[int]:
        hosts = {"*.wild.test": ["127.0.0.9"], "own.wild.test": []}
        async with nameserver(hosts) as server:
            names = ("any.wild.test", "own.wild.test", "wild.test", "a.any.wild.test")
            answers = [await ask(server, name, "A") for name in names]
            return [answer.rcode() * 10 + len(answer.answer) for answer in answers]

    assert [1, 0, 30, 30] == asyncio.run(run())


@pytest.mark.parametrize("name", ["other.test", "sub.site.test", "test", "."])
def test_every_other_name_does_not_exist(name: str) -> None:
    async def run() -> dns.message.Message:
        async with nameserver(HOSTS) as server:
            return await ask(server, name, "A")

    assert dns.rcode.NXDOMAIN == asyncio.run(run()).rcode()


def rubbish() -> list[bytes]:
    query = dns.message.make_query("site.test", "A")
    empty = dns.message.Message()
    return [
        b"",
        b"\x00",
        b"\xff" * 600,
        query.to_wire()[:-3],
        query.to_wire() + b"tail",
        dns.message.make_response(query).to_wire(),
        empty.to_wire(),
    ]


def test_rubbish_is_not_answered_and_changes_nothing() -> None:
    broken: list[dict[str, object]] = []

    async def run() -> tuple[bool, dns.message.Message]:
        came = asyncio.Event()
        asyncio.get_running_loop().set_exception_handler(lambda loop, told: broken.append(told))

        class Listening(asyncio.DatagramProtocol):
            def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
                came.set()

        async with nameserver(HOSTS) as server:
            loop = asyncio.get_running_loop()
            sender, _ = await loop.create_datagram_endpoint(Listening, remote_addr=server)
            for packet in rubbish():
                sender.sendto(packet)
            # Datagrams on loopback keep their order: what comes after them is answered after.
            answer = await ask(server, "site.test", "A")
            sender.close()
            return came.is_set(), answer

    answered, answer = asyncio.run(run())
    assert ([], False) == (broken, answered)
    assert 1 == len(answer.answer)


def test_its_port_is_free_again_when_it_is_left() -> None:
    async def run() -> None:
        async with nameserver(HOSTS) as server:
            pass
        # A closing transport lets go of its socket in the next turn of the loop.
        await asyncio.sleep(0)
        transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(
            asyncio.DatagramProtocol, local_addr=server
        )
        transport.close()

    asyncio.run(run())

"""A small DNS server on loopback, so that a rehearsal has names of its own."""

import asyncio
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from ipaddress import ip_address
from socket import socket
from typing import cast

from dns import flags, message, name, rcode, rdatatype, rrset

from harness.stack.sockets import LOOPBACK

_TTL_S = 1
_TYPES = {4: rdatatype.A, 6: rdatatype.AAAA}
Names = Mapping[name.Name, tuple[str, ...]]


@asynccontextmanager
async def nameserver(
    hosts: Mapping[str, Iterable[str]], held: socket | None = None
) -> AsyncIterator[tuple[str, int]]:
    """Answers for some hosts, while entered; every other name is NXDOMAIN.

    Args:
        hosts: Names and their addresses, of both families. A host without any exists, and has
            no data; what is no address is the name that it is an alias of. `*.site.test` stands
            for every other name beside it.
        held: A bound UDP socket to listen on; a free port unless given.

    Yields:
        Where it listens (UDP): host and port.
    """
    names = {name.from_text(host): tuple(addresses) for host, addresses in hosts.items()}
    transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(
        lambda: _Answering(names), local_addr=None if held else (LOOPBACK, 0), sock=held
    )
    try:
        host, port = transport.get_extra_info("sockname")
        yield host, port
    finally:
        transport.close()


def serve(held: socket, hosts: Mapping[str, Iterable[str]]) -> None:
    """Answers on a socket until this process is told to end."""

    async def stay() -> None:
        async with nameserver(hosts, held):
            await asyncio.Event().wait()

    asyncio.run(stay())


class _Answering(asyncio.DatagramProtocol):
    def __init__(self, names: Names) -> None:
        self._names = names
        self._transport: asyncio.DatagramTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.DatagramTransport, transport)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        assert self._transport is not None, "it is connected before anything arrives"
        try:
            answer = _answer(message.from_wire(data), self._names).to_wire()
        except Exception:  # noqa: BLE001  rubbish has no answer, whatever it is that it breaks
            return
        self._transport.sendto(answer, addr)


def _answer(query: message.Message, names: Names) -> message.Message:
    [question] = query.question
    answer = message.make_response(query, recursion_available=True)
    answer.flags |= flags.AA
    addresses = names.get(question.name, names.get(_any_beside(question.name)))
    if addresses is None:
        answer.set_rcode(rcode.NXDOMAIN)
        return answer
    for address in addresses:
        kind = _kind(address)
        if kind in (question.rdtype, rdatatype.CNAME):
            text = name.from_text(address).to_text() if kind == rdatatype.CNAME else address
            # Records of one name that stand apart are one set on the wire as well.
            answer.answer.append(rrset.from_text(question.name, _TTL_S, "IN", kind, text))
    return answer


def _any_beside(asked: name.Name) -> name.Name:
    """The wildcard that a name falls under."""
    return name.Name([b"*", *asked.labels[1:]])


def _kind(address: str) -> rdatatype.RdataType:
    try:
        return _TYPES[ip_address(address).version]
    except ValueError:
        return rdatatype.CNAME

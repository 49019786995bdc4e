"""A small world around a private service `keys`: DNS, a public edge, and what lies outside."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import (
    AbstractAsyncContextManager,
    AsyncExitStack,
    asynccontextmanager,
    contextmanager,
)
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from harness.checks.private import derive
from harness.environment import Environment
from harness.model import Result
from harness.network import HostAndPort, bracketed
from harness.stack.nameserver import nameserver
from tests.harness.server import Answer, Handler, Seen, serving
from tests.harness.verifying import only, verified

HOST = "keys.internal.test"
PUBLIC = "8.8.8.8"
PUBLIC_6 = "2606:4700::1"
INSTANCE = "keys-7f3a"
_NOT_FOUND = Answer(status=404)


def health(service_id: str | None, **more: Any) -> Answer:
    """A health answer of somebody."""
    body = {"status": "pass", **more} | ({"serviceId": service_id} if service_id else {})
    return Answer(
        body=json.dumps(body).encode(),
        headers={"content-type": "application/health+json", "cache-control": "no-store"},
    )


VOUCHING = health(
    "gateway", checks={"keys:responseTime": [{"status": "pass", "instanceId": INSTANCE}]}
)
KEYS = health("keys", instanceId=INSTANCE)


def edge(seen: Seen) -> Answer:
    """What a public service does that knows nothing of `keys` but its health."""
    return VOUCHING if seen.path == "/health" else _NOT_FOUND


@dataclass
class World:
    """What a test says of the surroundings.

    Attributes:
        hosts: What DNS knows; None: it never answers.
        edge: How the public service answers.
        keys: What the environment file says of `keys` beside its host.
        outside: What addresses out there lead to, by address and port (0: that of `keys`);
            where nothing is named, connections are refused.
        rules: `network` of the environment file.
        staged: The public service has a name, and `connect` leads it to this machine.
        same_port: `keys` has the port that the public service has.
    """

    hosts: Mapping[str, list[str]] | None = field(default_factory=dict)
    edge: Handler = edge
    keys: Mapping[str, Any] = field(default_factory=dict)
    outside: Mapping[tuple[str, int], str] = field(default_factory=dict)
    rules: Mapping[str, Any] = field(default_factory=dict)
    staged: bool = False
    same_port: bool = False

    async def looked_at(self, directory: Path) -> Result:
        """How `private.keys` ends."""
        with held() as port:
            async with AsyncExitStack() as stack:
                names = await stack.enter_async_context(self._names())
                public = await stack.enter_async_context(serving(self.edge))
                own = public.url.rpartition(":")[2] if self.same_port else port
                services = {
                    "gateway": {**self._edge(public.url), "headers": {"x-own": "1"}},
                    "keys": {
                        "url": f"http://{HOST}:{own}",
                        "visibility": "private",
                        "health": {"via": "gateway"},
                        **self.keys,
                    },
                    **self._leading(port),
                }
                where = Environment.model_validate(
                    {
                        "name": "test",
                        "services": services,
                        "network": {"nameserver": f"{names[0]}:{names[1]}", **self.rules},
                    }
                )
                checks = [check for check in derive(where) if check.id == "private.keys"]
                return only(await verified(where, checks, directory / "run"))

    def _names(self) -> AbstractAsyncContextManager[HostAndPort]:
        return silence() if self.hosts is None else nameserver(self.hosts)

    def _edge(self, url: str) -> dict[str, Any]:
        if not self.staged:
            return {"url": url}
        return {"url": "http://shop.test", "connect": url.rpartition("/")[2]}

    def _leading(self, port: int) -> dict[str, Any]:
        """Services that nothing asks for, so that addresses out there lead to this machine."""
        ways = {
            (address, one): f"127.0.0.1:{port}"
            for address in (PUBLIC, PUBLIC_6)
            for one in (80, 443, port)
        } | {(address, one or port): there for (address, one), there in self.outside.items()}
        return {
            f"way-{number}": {
                "url": f"http://{bracketed(address)}:{one}",
                "connect": there,
                "visibility": "private",
            }
            for number, ((address, one), there) in enumerate(ways.items())
        }


@contextmanager
def held() -> Iterator[int]:
    """A port of this machine that refuses connections, and that nobody else is given."""
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        yield holder.getsockname()[1]


@asynccontextmanager
async def silence() -> AsyncIterator[HostAndPort]:
    """A nameserver that never answers."""
    loop = asyncio.get_running_loop()
    transport, _ = await loop.create_datagram_endpoint(
        asyncio.DatagramProtocol, local_addr=("127.0.0.1", 0)
    )
    try:
        host, port = transport.get_extra_info("sockname")
        yield host, port
    finally:
        transport.close()


@asynccontextmanager
async def mute(host: str = "127.0.0.1") -> AsyncIterator[str]:
    """Accepts connections and says nothing; its address."""
    listener = await asyncio.start_server(_swallow, host, 0)
    try:
        yield f"{bracketed(host)}:{listener.sockets[0].getsockname()[1]}"
    finally:
        listener.close()


async def _swallow(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        await reader.read(65536)
        await reader.read()
    except ConnectionError:
        pass
    finally:
        writer.transport.abort()

"""How a system is looked at from beside, without the engine that judges it."""

import asyncio
import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import asyncpg
import httpx

from harness.faults import Place, Site

# Between them, all services.
FRONTS = ("auth", "gateway", "frontend")
LIMIT_S = 20.0
# Of services: the status of their health, and what it says is not well.
Wanted = dict[str, tuple[int, set[str]]]
REQUEST = b"GET /health/live HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"


async def health(site: Site, service: str) -> tuple[int, set[str]]:
    """The status of a service's health, 0 where there is none, and what it says is not well."""
    try:
        async with httpx.AsyncClient(timeout=3, trust_env=False, verify=False) as client:
            answer = await client.get(site.references[f"stack:{service}.url"] + "/health")
    except httpx.TransportError:
        return 0, set()
    if "health+json" not in answer.headers["content-type"]:
        return answer.status_code, set()
    checks = json.loads(answer.content).get("checks", {})
    failing = {
        name.partition(":")[0]
        for name, entries in checks.items()
        for entry in entries
        if entry["status"] == "fail"
    }
    return answer.status_code, failing


async def healthy(site: Site) -> None:
    """Waits until all services are."""
    await until(site, dict.fromkeys(FRONTS, (200, set())))


async def until(site: Site, wanted: Wanted) -> None:
    """Waits until health is as it should be."""
    deadline_s = time.monotonic() + LIMIT_S
    while (came := {name: await health(site, name) for name in wanted}) != wanted:
        assert time.monotonic() < deadline_s, f"{came} instead of {wanted}"
        await asyncio.sleep(0.05)


@asynccontextmanager
async def by_link(site: Site, place: Place) -> AsyncIterator["Talk"]:
    """A connection to a dependency, by way of a link."""
    host, _, port = (await proxy(site, str(place)))["listen"].rpartition(":")
    async with _talk(host, int(port)) as talk:
        yield talk


@asynccontextmanager
async def straight(site: Site, service: str) -> AsyncIterator["Talk"]:
    """A connection to a service."""
    url = urlsplit(site.references[f"stack:{service}.url"])
    async with _talk(str(url.hostname), url.port or 80) as talk:
        yield talk


@asynccontextmanager
async def _talk(host: str, port: int) -> AsyncIterator["Talk"]:
    reader, writer = await asyncio.open_connection(host, port)
    try:
        yield Talk(reader, writer)
    finally:
        writer.close()
        with suppress(OSError):
            await writer.wait_closed()


@dataclass
class Talk:
    """A connection on which one thing is asked."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    async def all(self, limit_s: float = 5.0) -> bytes:
        """All that comes until the connection ends."""
        self.writer.write(REQUEST)
        async with asyncio.timeout(limit_s):
            return await self.reader.read()

    async def first(self, limit_s: float = 5.0) -> bytes:
        """What comes first."""
        self.writer.write(REQUEST)
        async with asyncio.timeout(limit_s):
            return await self.reader.read(4096)

    async def took_s(self) -> float:
        """How long an answer took, to the end of its connection."""
        began_s = time.monotonic()
        assert b"200 OK" in await self.all()
        return time.monotonic() - began_s


async def proxy(site: Site, name: str) -> dict[str, Any]:
    """What the API of the links tells of one."""
    transport = httpx.AsyncHTTPTransport(uds=str(site.state.links), verify=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://links") as client:
        answer = await client.get(f"/proxies/{name}")
    found: dict[str, Any] = answer.raise_for_status().json()
    return found


async def query(site: Site, sql: str, limit_s: float = 5.0) -> Any:
    """What the database answers to the services' own role."""
    connection = await asyncpg.connect(site.references["stack:postgres.url"], timeout=limit_s)
    try:
        return await connection.fetchval(sql, timeout=limit_s)
    finally:
        connection.terminate()

"""What is to be seen of each fault while it lasts, by its name, at one place of each kind."""

import asyncio
import uuid

import httpx
import psutil
import pytest

from harness.faults import Place, Site
from tests.harness.faults import seeing
from tests.harness.faults.seeing import Wanted, by_link, straight, until

# At each kind of place, one that shows it.
PLACES = {
    "dependency": Place("gateway", "keys"),
    "http_dependency": Place("gateway", "keys"),
    "service": Place("keys"),
    "process": Place("keys"),
    "database": Place("postgres"),
}
# Where the parameters are to be others, so that it is soon to be seen.
PARAMETERS: dict[str, dict[str, object]] = {
    "bandwidth": {"rate_kbytes_s": 1},
    "flapping": {"period_ms": 100},
    "restart_loop": {"up_ms": 100, "down_ms": 50},
    "slow_start": {"delay_s": 1},
    "migration_missing": {
        "missing": "UPDATE schema_revisions SET revision = revision - 1000 WHERE revision >= 0",
        "back": "UPDATE schema_revisions SET revision = revision + 1000 WHERE revision < 0",
    },
}
HEALTHY: Wanted = {"gateway": (200, set())}
UNHEALTHY: Wanted = {"gateway": (503, {"keys"})}


async def latency(site: Site, place: Place) -> None:
    async with by_link(site, place) as talk:
        assert await talk.took_s() >= 0.04
    await until(site, HEALTHY)


async def bandwidth(site: Site, place: Place) -> None:
    async with by_link(site, place) as talk:
        assert await talk.took_s() >= 0.2


async def blackhole(site: Site, place: Place) -> None:
    async with by_link(site, place) as talk:
        with pytest.raises(TimeoutError):
            await talk.first(limit_s=0.2)
    await until(site, UNHEALTHY)


async def reset(site: Site, place: Place) -> None:
    async with by_link(site, place) as talk:
        with pytest.raises(ConnectionResetError):
            await talk.first()
    await until(site, UNHEALTHY)


async def refuse(site: Site, place: Place) -> None:
    with pytest.raises(ConnectionRefusedError):
        await by_link(site, place).__aenter__()
    await until(site, UNHEALTHY)


async def slow_close(site: Site, place: Place) -> None:
    async with by_link(site, place) as talk:
        assert await talk.took_s() >= 0.3
    await until(site, HEALTHY)


async def cut(site: Site, place: Place) -> None:
    async with by_link(site, place) as talk:
        assert len(await talk.all()) == 60
    await until(site, UNHEALTHY)


async def flapping(site: Site, place: Place) -> None:
    found = [False]
    async with asyncio.timeout(seeing.LIMIT_S):
        while len(found) < 4:
            try:
                async with by_link(site, place):
                    is_up = True
            except ConnectionRefusedError:
                is_up = False
            found += [is_up] if is_up != found[-1] else []


async def answers_500(site: Site, place: Place) -> None:
    async with by_link(site, place) as talk:
        assert (await talk.first()).startswith(b"HTTP/1.1 500 ")
    await until(site, UNHEALTHY)


async def answers_rubbish(site: Site, place: Place) -> None:
    async with by_link(site, place) as talk:
        assert b"rubbish" in await talk.first()
    await until(site, UNHEALTHY)


async def login_page(site: Site, place: Place) -> None:
    async with by_link(site, place) as talk:
        page = await talk.first()
    assert page.startswith(b"HTTP/1.1 200 ")
    assert b"password" in page
    await until(site, UNHEALTHY)


async def tls_expired(site: Site, place: Place) -> None:
    await until(site, UNHEALTHY)


async def tls_wrong_host(site: Site, place: Place) -> None:
    await until(site, UNHEALTHY)


async def kill(site: Site, place: Place) -> None:
    assert site.pids(place.service) == []
    with pytest.raises(ConnectionRefusedError):
        await straight(site, place.service).__aenter__()
    await until(site, UNHEALTHY)


async def pause(site: Site, place: Place) -> None:
    states = [psutil.Process(pid).status() for pid in site.pids(place.service)]
    assert set(states) == {psutil.STATUS_STOPPED}
    async with straight(site, place.service) as talk:
        with pytest.raises(TimeoutError):
            await talk.first(limit_s=0.2)
    await until(site, UNHEALTHY)


async def restart_loop(site: Site, place: Place) -> None:
    seen: set[int] = set()
    async with asyncio.timeout(seeing.LIMIT_S):
        while len(seen) < 3:
            seen |= set(site.pids(place.service))
            await asyncio.sleep(0.02)


async def slow_start(site: Site, place: Place) -> None:
    async with straight(site, place.service) as talk:
        with pytest.raises(TimeoutError):
            await talk.first(limit_s=0.2)
    # The way back is that it gets ready by itself.
    await until(site, HEALTHY)


async def wrong_secret(site: Site, place: Place) -> None:
    await until(site, {"keys": (200, set())})
    assert await _is_refused(site)


async def wrong_url(site: Site, place: Place) -> None:
    await until(site, UNHEALTHY)


async def setting_missing(site: Site, place: Place) -> None:
    assert site.pids(place.service) == []
    await until(site, UNHEALTHY)


async def _is_refused(site: Site) -> bool:
    """Whether keys takes what the gateway shows it for a stranger's."""
    headers = {
        "X-Internal-Token": site.references["generated:INTERNAL_TOKEN"],
        "X-User-ID": str(uuid.uuid4()),
    }
    async with httpx.AsyncClient(trust_env=False, verify=False) as client:
        url = site.references["stack:keys.url"] + "/keys/secrets"
        return "x-gateway-refused" in (await client.get(url, headers=headers)).headers

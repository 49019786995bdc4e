"""What is to be seen of each fault of the database while it lasts, by its name."""

import asyncio
import time

import asyncpg
import pytest

from harness.faults import Place, Site
from tests.harness.faults import seeing
from tests.harness.faults.seeing import Wanted, query, until

HEALTHY: Wanted = {"keys": (200, set())}
UNHEALTHY: Wanted = {"keys": (503, {"postgres"})}


async def database_stop(site: Site, place: Place) -> None:
    assert site.pids(place.service) == []
    with pytest.raises(ConnectionRefusedError):
        await query(site, "SELECT 1")
    await until(site, UNHEALTHY)


async def database_restart(site: Site, place: Place) -> None:
    assert site.pids(place.service) != []
    await until(site, HEALTHY)
    assert await query(site, "SELECT now() - pg_postmaster_start_time() < '1 min'")


async def read_only(site: Site, place: Place) -> None:
    with pytest.raises(asyncpg.ReadOnlySQLTransactionError):
        await query(site, "DELETE FROM users")
    assert await query(site, "SELECT count(*) FROM users") == 0


async def connections_exhausted(site: Site, place: Place) -> None:
    with pytest.raises(asyncpg.TooManyConnectionsError):
        await query(site, "SELECT 1")
    await until(site, UNHEALTHY)


async def table_locked(site: Site, place: Place) -> None:
    with pytest.raises(TimeoutError):
        await query(site, "SELECT count(*) FROM users", limit_s=0.5)
    await until(site, UNHEALTHY)


async def slow_query(site: Site, place: Place) -> None:
    longest_s = 0.0
    async with asyncio.timeout(seeing.LIMIT_S):
        while longest_s < 0.1:
            began_s = time.monotonic()
            await query(site, "SELECT count(*) FROM users")
            longest_s = max(longest_s, time.monotonic() - began_s)
    await until(site, HEALTHY)


async def wrong_password(site: Site, place: Place) -> None:
    with pytest.raises(asyncpg.InvalidPasswordError):
        await query(site, "SELECT 1")
    await until(site, UNHEALTHY)


async def migration_missing(site: Site, place: Place) -> None:
    assert await query(site, "SELECT max(revision) FROM schema_revisions") < 0
    await until(site, UNHEALTHY)


async def disk_full(site: Site, place: Place) -> None:
    with pytest.raises((asyncpg.PostgresError, asyncpg.InterfaceError, OSError)):
        await query(site, "CREATE TABLE more (number int)")
    await until(site, UNHEALTHY)

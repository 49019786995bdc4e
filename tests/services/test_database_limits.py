"""PostgreSQL that is slow, silent, full of others or without its schema: who asks hears in time."""

import asyncio
import time
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest
from pydantic import SecretStr
from sqlalchemy import text
from starlette.types import ASGIApp

from services import database
from services.account.app import create
from services.database import Database
from services.health import HealthCheck, Unhealthy
from services.problem import Problem
from tests.services.account.conftest import INTERNAL_TOKEN, settings
from tests.services.way import Way, way_to

Sql = Callable[..., list[tuple[Any, ...]]]
Serve = Callable[[ASGIApp], httpx.Client]
# The contract's, and what a busy machine adds.
REQUEST_LIMIT_S, HEALTH_LIMIT_S, SLACK_S = 3.0, 2.0, 0.5


@asynccontextmanager
async def on_the_way(url: str) -> AsyncIterator[tuple[Database, Way]]:
    async with way_to(url) as (way, led):
        pool = Database(SecretStr(led))
        async with pool.lifespan(None):
            yield pool, way


async def timed(work: Callable[[], Awaitable[Any]]) -> tuple[Any, float]:
    started_s = time.monotonic()
    try:
        came = await work()
    except Problem as problem:
        came = problem.status
    return came, time.monotonic() - started_s


async def many_statements(pool: Database) -> str:
    async with pool.transaction() as session:
        for _ in range(20):
            await session.execute(text("SELECT 1"))
    return "done"


async def health(pool: Database) -> str:
    return (await HealthCheck([pool]).checks())["postgres:responseTime"][0].status


def test_many_slow_statements_are_one_slow_request(database_url: str) -> None:
    async def run() -> None:
        async with on_the_way(database_url) as (pool, way):
            assert await many_statements(pool) == "done"
            way.delay_s = 0.2
            came, took_s = await timed(lambda: many_statements(pool))
            assert came == 503
            assert took_s < REQUEST_LIMIT_S + SLACK_S
            way.delay_s = 0
            assert await many_statements(pool) == "done"

    asyncio.run(run())


def test_kept_connections_that_go_silent_keep_nobody_waiting(database_url: str) -> None:
    async def run() -> None:
        async with on_the_way(database_url) as (pool, way):
            await asyncio.gather(*(many_statements(pool) for _ in range(10)))
            way.open.clear()
            for _ in range(2):
                asked = [timed(lambda: many_statements(pool)) for _ in range(20)]
                (well, looked_s), *answers = await asyncio.gather(
                    timed(lambda: health(pool)), *asked
                )
                assert {came for came, _ in answers} == {503}
                assert max(took_s for _, took_s in answers) < REQUEST_LIMIT_S + SLACK_S
                assert (well, looked_s < HEALTH_LIMIT_S + SLACK_S) == ("fail", True)
            way.open.set()
            await until_well(pool)

    asyncio.run(run())


async def until_well(pool: Database) -> None:
    """It works again within a second or two, by itself."""
    async with asyncio.timeout(2 + 3 * SLACK_S):
        while await health(pool) != "pass":  # noqa: ASYNC110 - of another process
            await asyncio.sleep(0.05)
    assert await many_statements(pool) == "done"


def test_the_end_of_a_service_waits_for_no_silent_server(database_url: str) -> None:
    async def run() -> float:
        async with way_to(database_url) as (way, led):
            pool = Database(SecretStr(led))
            async with pool.lifespan(None):
                await asyncio.gather(*(many_statements(pool) for _ in range(10)))
                way.open.clear()
                ended_s = time.monotonic()
            return time.monotonic() - ended_s

    assert asyncio.run(run()) < 10 * database.CLOSE_LIMIT_S + SLACK_S


def test_a_database_that_takes_no_writes_is_not_well(database_url: str, psql: Sql) -> None:
    name = database_url.rpartition("/")[2]

    async def run() -> None:
        pool = Database(SecretStr(database_url))
        async with pool.lifespan(None):
            with pytest.raises(Unhealthy, match="takes no writes") as found:
                await pool.probe()
            assert found.value.told.schema is not None

    psql(f"ALTER DATABASE {name} SET default_transaction_read_only = on")
    asyncio.run(run())


def test_a_schema_that_is_not_there_is_503_and_not_500(
    database_url: str, psql: Sql, serve: Serve
) -> None:
    account = serve(create(settings(database_url)))
    headers = {"X-Internal-Token": INTERNAL_TOKEN, "X-User-ID": str(uuid.uuid4())}
    for change in ("RENAME COLUMN email TO mail", "RENAME TO people"):
        psql(f"ALTER TABLE users {change}")
        answer = account.put("/account/profile", json={"display_name": "A"}, headers=headers)
        if change.endswith("people"):
            assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")
    psql("ALTER TABLE schema_revisions RENAME TO revisions")
    assert account.get("/health").status_code == 503


def test_postgresql_itself_ends_what_nobody_waits_for(database_url: str) -> None:
    async def run() -> tuple[str, str]:
        pool = Database(SecretStr(database_url))
        async with pool.lifespan(None), pool.transaction() as session:
            limits = ("statement_timeout", "idle_in_transaction_session_timeout")
            first, second = [await session.scalar(text(f"SHOW {name}")) for name in limits]
            return str(first), str(second)

    assert asyncio.run(run()) == ("2500ms", "5s")


def test_only_so_many_wait_for_a_connection(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database, "MOST_WAITING", 3)

    async def run() -> None:
        async with on_the_way(database_url) as (pool, way):
            way.open.clear()
            waiting = [asyncio.create_task(timed(lambda: many_statements(pool))) for _ in range(3)]
            await asyncio.sleep(0)
            came, took_s = await timed(lambda: many_statements(pool))
            assert (came, took_s < 0.5) == (503, True)
            assert {came for came, _ in await asyncio.gather(*waiting)} == {503}
            way.open.set()
            await until_well(pool)

    asyncio.run(run())

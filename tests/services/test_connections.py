"""How long a service keeps a connection to PostgreSQL."""

import asyncio

import pytest
from pydantic import SecretStr
from sqlalchemy import text

from services import database
from services.database import Database


async def processes(url: str) -> list[int]:
    """PostgreSQL's process behind each of two transactions, one after the other."""
    pool = Database(SecretStr(url))
    found = []
    async with pool.lifespan(None):
        for _ in range(2):
            async with pool.transaction() as session:
                found.append(await session.scalar(text("SELECT pg_backend_pid()")))
    return found


def test_a_connection_is_kept(database_url: str) -> None:
    first, second = asyncio.run(processes(database_url))
    assert first == second


def test_an_old_connection_is_replaced(monkeypatch: pytest.MonkeyPatch, database_url: str) -> None:
    monkeypatch.setattr(database, "RENEWED_AFTER_S", 0)
    first, second = asyncio.run(processes(database_url))
    assert first != second


def test_it_is_replaced_before_flys_proxy_ends_it() -> None:
    assert 0 < database.RENEWED_AFTER_S < 600

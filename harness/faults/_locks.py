"""Locks on tables: nobody else gets to them, not even to read."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from harness.errors import HarnessError
from harness.faults import Site
from harness.faults._sql import connected, database_of

if TYPE_CHECKING:
    from harness.faults._sql import Connection

OWN_TABLES = """
    SELECT format('%I.%I', n.nspname, c.relname)
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind IN ('r', 'p') AND n.nspname !~ '^(pg_|information_schema$)'
      AND pg_has_role(c.relowner, 'MEMBER')
    ORDER BY 1
"""
LET_GO = """
    SELECT count(pg_terminate_backend(pid, 1000)) FROM pg_stat_activity
    WHERE datname = $1 AND usename = current_user AND application_name = $2
"""
GIVES_UP_S = 10.0


async def own_tables(connection: "Connection") -> list[str]:
    """All that the role may lock, as SQL names them."""
    return [row[0] for row in await connection.fetch(OWN_TABLES)]


@asynccontextmanager
async def locked(connection: "Connection", tables: list[str]) -> AsyncIterator[None]:
    """A time in which nobody else gets to these tables.

    Raises:
        HarnessError: They were never free together.
    """
    import asyncpg

    deadline_s = time.monotonic() + GIVES_UP_S
    while True:
        await connection.execute("BEGIN")
        try:
            # Given up long before the server would see a deadlock, and end one of the others.
            await connection.execute("SET LOCAL lock_timeout = '100ms'")
            await connection.execute(f"LOCK TABLE {', '.join(tables)} IN ACCESS EXCLUSIVE MODE")
            break
        except (asyncpg.LockNotAvailableError, asyncpg.DeadlockDetectedError):
            await connection.execute("ROLLBACK")
        if time.monotonic() > deadline_s:
            raise HarnessError(f"{', '.join(tables)}: in use for {GIVES_UP_S:g} s without a pause")
        await asyncio.sleep(0.01)
    yield
    await connection.execute("ROLLBACK")


async def let_go(site: Site, called: str) -> None:
    """Ends sessions that hold locks, also where whoever opened them is beyond our reach."""
    async with connected(site) as connection:
        await connection.fetchval(LET_GO, database_of(site), called)

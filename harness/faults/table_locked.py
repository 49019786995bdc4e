"""Somebody holds tables and does not let go of them."""

import asyncio
from contextlib import AsyncExitStack

from pydantic import Field

from harness.faults import Fault, Place, Seen, Site
from harness.faults._locks import let_go, locked, own_tables
from harness.faults._sql import connected, database_of

NAME = "table_locked"


class TableLocked(Fault):
    """A transaction holds tables (ACCESS EXCLUSIVE) and never ends: each query waits for it."""

    at = "database"
    kind = "database"
    needs = frozenset({"database"})
    seen = Seen(health="fail")

    table: str | None = Field(
        None, description="One that health looks at, as SQL names it; all of them unless given."
    )

    async def inject(self, site: Site, place: Place) -> None:
        async with AsyncExitStack() as stack:
            way = connected(site, database_of(site), called=NAME)
            connection = await stack.enter_async_context(way)
            tables = [self.table] if self.table else await own_tables(connection)
            await stack.enter_async_context(locked(connection, tables))
            site.meanwhile(NAME, _hold(stack.pop_all()))

    async def heal(self, site: Site, place: Place) -> None:
        await site.over(NAME)
        await let_go(site, NAME)


async def _hold(stack: AsyncExitStack) -> None:
    async with stack:
        await asyncio.Event().wait()

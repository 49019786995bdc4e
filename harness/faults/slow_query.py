"""Queries take longer than they should."""

import asyncio

from pydantic import Field

from harness.faults import Fault, Place, Seen, Site
from harness.faults._locks import let_go, locked, own_tables
from harness.faults._sql import connected, database_of

NAME = "slow_query"


class SlowQuery(Fault):
    """Queries wait for a lock, again and again, within what a service can bear."""

    at = "database"
    kind = "database"
    needs = frozenset({"database"})
    seen = Seen(health="pass", users="fine")

    held_ms: int = Field(150, ge=1, le=60_000, description="How long they wait at most each time.")
    free_ms: int = Field(150, ge=1, le=60_000, description="How long they don't, in between.")

    async def inject(self, site: Site, place: Place) -> None:
        begun = asyncio.Event()
        site.meanwhile(NAME, self._pulse(site, begun))
        await begun.wait()

    async def heal(self, site: Site, place: Place) -> None:
        await site.over(NAME)
        await let_go(site, NAME)

    async def _pulse(self, site: Site, begun: asyncio.Event) -> None:
        async with connected(site, database_of(site), called=NAME) as connection:
            tables = await own_tables(connection)
            while True:
                async with locked(connection, tables):
                    begun.set()
                    await asyncio.sleep(self.held_ms / 1000)
                await asyncio.sleep(self.free_ms / 1000)

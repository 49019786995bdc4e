"""The database's disk is full."""

import asyncio

from harness.errors import HarnessError
from harness.faults import Fault, Place, Seen, Site
from harness.faults._sql import connected, database_of

WRITE = "SELECT pg_logical_emit_message(true, 'keyarc-verify', repeat('x', 100000))"


class DiskFull(Fault):
    """The disk of the database is full: it cannot write down what it does, and gives up."""

    at = "database"
    kind = "database"
    needs = frozenset({"disk", "processes"})
    seen = Seen(health="fail")

    async def inject(self, site: Site, place: Place) -> None:
        import asyncpg

        from harness.stack import disk

        await asyncio.to_thread(disk.fill, site.state.path)
        try:
            # What it had set aside for its log is used up, too.
            async with connected(site, database_of(site)) as connection:
                while True:
                    await connection.execute(WRITE)
        except (HarnessError, asyncpg.PostgresError, asyncpg.InterfaceError, OSError):
            return

    async def heal(self, site: Site, place: Place) -> None:
        from harness.stack import disk

        await asyncio.to_thread(disk.free, site.state.path)
        # It may be down, or about to be, or half way up again, and in no state to end in order.
        await site.stop(place.service, at_once=True)
        await site.start(place.service)

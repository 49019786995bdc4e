"""The database takes no more connections."""

from harness.faults import Fault, Place, Seen, Site
from harness.faults._sql import connected, database_of, end_sessions, quoted

NO_LIMIT = -1


class ConnectionsExhausted(Fault):
    """Sessions are ended, and no new one is to be had: there are too many (SQLSTATE 53300)."""

    at = "database"
    kind = "database"
    needs = frozenset({"database"})
    seen = Seen(health="fail")

    async def inject(self, site: Site, place: Place) -> None:
        # Connections that were really taken would be lost, and found by others, now and then.
        await _limit(site, 0)
        database = database_of(site)
        async with connected(site) as connection:
            await end_sessions(connection, database)

    async def heal(self, site: Site, place: Place) -> None:
        await _limit(site, NO_LIMIT)


async def _limit(site: Site, connections: int) -> None:
    async with connected(site) as connection:
        await connection.execute(
            f"ALTER DATABASE {quoted(database_of(site))} CONNECTION LIMIT {connections}"
        )

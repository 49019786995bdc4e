"""The database takes no writes."""

from harness.faults import Fault, Place, Seen, Site
from harness.faults._sql import connected, database_of, end_sessions, quoted


class ReadOnly(Fault):
    """Every transaction in the database is read-only, as where a standby has taken over."""

    at = "database"
    kind = "database"
    needs = frozenset({"database"})
    seen = Seen(health="fail", users="some")

    async def inject(self, site: Site, place: Place) -> None:
        await _alter(site, "SET default_transaction_read_only = on")

    async def heal(self, site: Site, place: Place) -> None:
        await _alter(site, "RESET default_transaction_read_only")


async def _alter(site: Site, change: str) -> None:
    database = database_of(site)
    async with connected(site) as connection:
        await connection.execute(f"ALTER DATABASE {quoted(database)} {change}")
        # It holds for sessions that begin now.
        await end_sessions(connection, database)

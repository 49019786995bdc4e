"""The database is older than the code."""

from pydantic import Field

from harness.faults import Fault, Place, Seen, Site
from harness.faults._sql import connected, database_of


class MigrationMissing(Fault):
    """The database has a schema that is older than the code: a migration did not run."""

    at = "database"
    kind = "database"
    needs = frozenset({"database"})
    # Whether a request needs what is missing is not known here.
    seen = Seen(health="fail", users="any")

    missing: str | None = Field(
        None, description="SQL after which the schema says that it is older."
    )
    back: str | None = Field(None, description="SQL that undoes it, and may run at any time.")

    @property
    def lacks(self) -> str | None:
        if self.missing is None or self.back is None:
            return "`missing` and `back`, SQL by which the database becomes older, and is mended"
        return None

    async def inject(self, site: Site, place: Place) -> None:
        await _run(site, self.missing)

    async def heal(self, site: Site, place: Place) -> None:
        await _run(site, self.back)


async def _run(site: Site, statements: str | None) -> None:
    assert statements is not None, "it is not put in where it lacks something"
    async with connected(site, database_of(site)) as connection:
        await connection.execute(statements)

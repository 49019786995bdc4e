"""The database is stopped."""

from harness.faults import Fault, Place, Seen, Site


class DatabaseStop(Fault):
    """The database is stopped in order, as by an administrator, and stays down."""

    at = "database"
    kind = "database"
    needs = frozenset({"processes"})
    seen = Seen(health="fail")

    async def inject(self, site: Site, place: Place) -> None:
        await site.stop(place.service, at_once=False)

    async def heal(self, site: Site, place: Place) -> None:
        await site.start(place.service)

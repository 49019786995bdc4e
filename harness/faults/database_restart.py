"""The database is restarted."""

from harness.faults import Fault, Place, Seen, Site


class DatabaseRestart(Fault):
    """The database is stopped in order and started again: a short outage."""

    at = "database"
    kind = "database"
    needs = frozenset({"processes"})
    seen = Seen(health="any", users="any")

    async def inject(self, site: Site, place: Place) -> None:
        await site.stop(place.service, at_once=False)
        await site.start(place.service)

    async def heal(self, site: Site, place: Place) -> None:
        await site.start(place.service)

"""A process is killed."""

from harness.faults import Fault, Place, Seen, Site


class Kill(Fault):
    """The process is killed (SIGKILL), and stays dead."""

    at = "process"
    kind = "process"
    needs = frozenset({"processes"})
    seen = Seen(health="fail", silent=True)

    async def inject(self, site: Site, place: Place) -> None:
        await site.stop(place.service, at_once=True)

    async def heal(self, site: Site, place: Place) -> None:
        await site.start(place.service)

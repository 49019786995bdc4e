"""A process takes its time to start."""

from pydantic import Field

from harness.environment import Environment
from harness.faults import Fault, Place, Seen, Site


class SlowStart(Fault):
    """The process ends in order and is started again, and takes long until it is ready."""

    at = "process"
    kind = "process"
    needs = frozenset({"processes"})
    seen = Seen(health="fail", silent=True)

    delay_s: float = Field(
        30, gt=0, le=600, description="How long it does nothing; longer than it is watched."
    )

    def fits(self, environment: Environment, place: Place) -> bool:
        return place.service in environment.services

    async def inject(self, site: Site, place: Place) -> None:
        await site.stop(place.service, at_once=False)
        await site.start(place.service, delay_s=self.delay_s)

    async def heal(self, site: Site, place: Place) -> None:
        # Whether it still sleeps or is ready by now: started once more, it is as it was.
        await site.start(place.service)

"""A process dies again and again."""

import asyncio

from pydantic import Field

from harness.faults import Fault, Place, Seen, Site
from harness.faults._whole import whole


class RestartLoop(Fault):
    """The process is killed and started, again and again."""

    at = "process"
    kind = "process"
    needs = frozenset({"processes"})
    seen = Seen(health="any", users="any")

    up_ms: int = Field(1000, ge=20, le=60_000, description="How long it may run each time.")
    down_ms: int = Field(300, ge=0, le=60_000, description="How long nothing runs in between.")

    async def inject(self, site: Site, place: Place) -> None:
        await site.stop(place.service, at_once=True)
        site.meanwhile(_key(place), self._loop(site, place))

    async def heal(self, site: Site, place: Place) -> None:
        await site.over(_key(place))
        await site.start(place.service)

    async def _loop(self, site: Site, place: Place) -> None:
        while True:
            await asyncio.sleep(self.down_ms / 1000)
            await whole(site.start(place.service))
            await asyncio.sleep(self.up_ms / 1000)
            await whole(site.stop(place.service, at_once=True))


def _key(place: Place) -> str:
    return f"restart_loop.{place}"

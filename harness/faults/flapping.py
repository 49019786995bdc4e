"""The way is up and down, again and again."""

import asyncio
from itertools import cycle

from pydantic import Field

from harness.faults import Place, Seen, Site
from harness.faults._link import OnLink
from harness.faults._whole import whole


class Flapping(OnLink):
    """The way is up and down by turns; at each turn down, open connections end."""

    seen = Seen(health="any", users="any")

    period_ms: int = Field(
        1500, ge=20, le=60_000, description="How long one time up and one down take together."
    )

    async def inject(self, site: Site, place: Place) -> None:
        await site.links.enable(str(place), on=False)
        site.meanwhile(_key(place), self._flap(site, place))

    async def heal(self, site: Site, place: Place) -> None:
        await site.over(_key(place))
        await super().heal(site, place)

    async def _flap(self, site: Site, place: Place) -> None:
        for on in cycle((True, False)):
            await asyncio.sleep(self.period_ms / 2000)
            await whole(site.links.enable(str(place), on=on))


def _key(place: Place) -> str:
    return f"flapping.{place}"

"""The way is narrow."""

from typing import TYPE_CHECKING

from pydantic import Field

from harness.faults import Seen
from harness.faults._link import OnLink

if TYPE_CHECKING:
    from harness.link.client import Links


class Bandwidth(OnLink):
    """Little passes at a time, both ways, within what a service can bear."""

    seen = Seen(health="pass", users="fine")

    rate_kbytes_s: int = Field(
        200, ge=1, le=1_000_000, description="How much passes in a second, each way."
    )

    async def switch(self, links: "Links", link: str) -> None:
        await links.add(link, "bandwidth", stream="upstream", rate=self.rate_kbytes_s)
        await links.add(link, "bandwidth", stream="downstream", rate=self.rate_kbytes_s)

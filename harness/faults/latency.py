"""Answers come late, and not always equally late."""

from typing import TYPE_CHECKING

from pydantic import Field

from harness.faults import Seen
from harness.faults._link import OnLink

if TYPE_CHECKING:
    from harness.link.client import Links


class Latency(OnLink):
    """What a dependency sends arrives late, within what a service can bear."""

    seen = Seen(health="pass", users="fine")

    delay_ms: int = Field(60, ge=1, le=60_000, description="How late, in the middle.")
    jitter_ms: int = Field(20, ge=0, le=60_000, description="How much earlier or later at most.")

    async def switch(self, links: "Links", link: str) -> None:
        await links.add(link, "latency", latency=self.delay_ms, jitter=self.jitter_ms)

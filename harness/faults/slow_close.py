"""Connections end late."""

from typing import TYPE_CHECKING

from pydantic import Field

from harness.faults import Seen
from harness.faults._link import OnLink

if TYPE_CHECKING:
    from harness.link.client import Links


class SlowClose(OnLink):
    """A connection that a dependency has closed stays open for a while."""

    seen = Seen(health="pass", users="fine")

    delay_ms: int = Field(300, ge=1, le=60_000, description="How long.")

    async def switch(self, links: "Links", link: str) -> None:
        await links.add(link, "slow_close", delay=self.delay_ms)

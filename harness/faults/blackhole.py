"""Nothing answers, and nothing refuses."""

from typing import TYPE_CHECKING

from harness.faults import Seen
from harness.faults._link import OnLink

if TYPE_CHECKING:
    from harness.link.client import Links


class Blackhole(OnLink):
    """Connections are taken and never answered; on those that are open, nothing arrives either."""

    seen = Seen(health="fail")

    async def switch(self, links: "Links", link: str) -> None:
        # With 0, a connection stays open until the toxic goes.
        await links.add(link, "timeout", stream="upstream", timeout=0)
        await links.add(link, "timeout", stream="downstream", timeout=0)

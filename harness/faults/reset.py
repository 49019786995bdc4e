"""Connections are reset."""

from typing import TYPE_CHECKING

from harness.faults import Seen
from harness.faults._link import OnLink

if TYPE_CHECKING:
    from harness.link.client import Links


class Reset(OnLink):
    """Each connection, open or new, is reset (RST) as soon as something is sent."""

    seen = Seen(health="fail")

    async def switch(self, links: "Links", link: str) -> None:
        await links.add(link, "reset_peer", stream="upstream", timeout=0)

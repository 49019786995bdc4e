"""Nobody listens."""

from typing import TYPE_CHECKING

from harness.faults import Seen
from harness.faults._link import OnLink

if TYPE_CHECKING:
    from harness.link.client import Links


class Refuse(OnLink):
    """New connections are refused, and those that are open end."""

    seen = Seen(health="fail")

    async def switch(self, links: "Links", link: str) -> None:
        await links.enable(link, on=False)

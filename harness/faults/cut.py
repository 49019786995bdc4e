"""Answers break off."""

from typing import TYPE_CHECKING

from pydantic import Field

from harness.faults import Seen
from harness.faults._link import OnLink

if TYPE_CHECKING:
    from harness.link.client import Links


class Cut(OnLink):
    """Each connection ends in the midst of an answer, after so many bytes."""

    seen = Seen(health="fail")

    after_bytes: int = Field(
        60, ge=1, le=1_000_000, description="What still arrives; less than any answer is long."
    )

    async def switch(self, links: "Links", link: str) -> None:
        await links.add(link, "limit_data", bytes=self.after_bytes)

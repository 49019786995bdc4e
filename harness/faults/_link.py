"""What faults on the way to a dependency have in common: the link is all that they touch."""

from typing import TYPE_CHECKING, ClassVar

from harness.faults import At, Fault, Kind, Place, Site

if TYPE_CHECKING:
    from harness.link.client import Links


class OnLink(Fault):
    """A fault that a link makes."""

    at: ClassVar[At] = "dependency"
    kind: ClassVar[Kind] = "network"
    needs = frozenset({"links"})

    async def inject(self, site: Site, place: Place) -> None:
        await self.switch(site.links, str(place))

    async def switch(self, links: "Links", link: str) -> None:
        """Has the link do it."""
        raise NotImplementedError

    async def heal(self, site: Site, place: Place) -> None:
        await site.links.reset(str(place))

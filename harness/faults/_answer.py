"""What faults have in common in which something else answers in a dependency's place."""

from typing import TYPE_CHECKING, Any, ClassVar

from harness.faults import At, Kind, Seen
from harness.faults._link import OnLink

if TYPE_CHECKING:
    from harness.link.client import Links


class AnswersItself(OnLink):
    """A link answers each request, which never comes to the dependency.

    Attributes:
        answer: What it says: attributes of the toxic `answer`.
    """

    at: ClassVar[At] = "http_dependency"
    kind: ClassVar[Kind] = "http"
    seen = Seen(health="fail")
    answer: ClassVar[dict[str, Any]]

    async def switch(self, links: "Links", link: str) -> None:
        await links.add(link, "answer", stream="upstream", **self.answer)

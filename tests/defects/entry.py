"""A defective release, as the catalogue lists it."""

from dataclasses import dataclass

from tests.planting import Defect


@dataclass(frozen=True)
class Planted:
    """A defect and the service that has it."""

    service: str
    defect: Defect


@dataclass(frozen=True)
class Entry:
    """A defective release.

    Attributes:
        planted: What is wrong; more than one where services err together.
        noticed_by: The check that is about it; others may fail as well.
    """

    planted: tuple[Planted, ...]
    noticed_by: str


def entry(service: str, defect: Defect, noticed_by: str) -> Entry:
    return Entry((Planted(service, defect),), noticed_by)

"""A defect, and which smoke checks are to find it."""

from dataclasses import dataclass

from tests.planting import Defect
from tests.suites.smoking import PAGE

BLOB = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="
NOBODY = "00000000-0000-4000-8000-000000000000"


@dataclass(frozen=True)
class Planted:
    """A defect.

    Attributes:
        service: At whose door it is.
        guilty: The checks that fail, and no others.
        says: Part of what the first of these says.
        leaves: How many users cannot be removed because of it.
    """

    service: str
    defect: Defect
    guilty: tuple[str, ...]
    says: str
    leaves: int = 0


def auth(defect: Defect, *guilty: str, says: str, leaves: int = 0) -> Planted:
    return Planted("auth", defect, guilty, says, leaves)


def gateway(defect: Defect, *guilty: str, says: str, leaves: int = 0) -> Planted:
    return Planted("gateway", defect, guilty, says, leaves)


def frontend(defect: Defect, *, says: str) -> Planted:
    return Planted("frontend", defect, (PAGE,), says)

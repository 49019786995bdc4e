"""A defect, and the one journey that is to find it."""

from dataclasses import dataclass

from harness.model import Outcome
from tests.planting import Defect


@dataclass(frozen=True)
class Planted:
    """A defect.

    Attributes:
        test: The test that is to find it.
        says: Part of what that says.
        service: At whose door it is.
        outcome: How the test ends.
    """

    defect: Defect
    test: str
    says: str
    service: str = "gateway"
    outcome: Outcome = Outcome.FAIL

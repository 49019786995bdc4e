"""How often things are tried that are a matter of chance, and which chance it is.

KEYARC_JOURNEYS_ROUNDS    more rounds find what is rarer: 500 for a night
KEYARC_JOURNEYS_SEED      another seed chooses otherwise
"""

import os
from random import Random

from harness.errors import UsageError

ROUNDS_VARIABLE = "KEYARC_JOURNEYS_ROUNDS"
SEED_VARIABLE = "KEYARC_JOURNEYS_SEED"
ROUNDS = 10


def rounds() -> int:
    """
    Raises:
        UsageError: The variable is no number of rounds.
    """
    given = os.environ.get(ROUNDS_VARIABLE) or str(ROUNDS)
    if not given.isdecimal() or not int(given):
        raise UsageError(f"{ROUNDS_VARIABLE} must be a whole number above 0, such as 100")
    return int(given)


def chance(what: str) -> Random:
    """Choices, the same for the same seed and the same `what`."""
    return Random(f"{os.environ.get(SEED_VARIABLE, '0')} {what}")  # noqa: S311  no secret

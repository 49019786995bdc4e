"""Does health tell the truth? All that can be seen of that without breaking anything.

One file for each thing that a truthful health answer is; each has `derive`, and the file's name is
part of its checks' ids: `truth.now.auth`. They ask again and again, so they are no part of `smoke`.
"""

from collections.abc import Iterator
from fnmatch import fnmatchcase

from harness.check import Check
from harness.environment import Environment
from harness.errors import UsageError
from harness.model import Excluded
from harness.registry import Registry

ASPECTS = Registry("harness.truth", "aspect of truth")


def derive(environment: Environment) -> Iterator[Check]:
    """Every check that can be done here.

    Raises:
        UsageError: `checks` of the file has an entry for one that there is not.
    """
    known = [each.id for each in _all(environment)]
    for pattern in environment.checks:
        if pattern.startswith("truth.") and not any(fnmatchcase(id_, pattern) for id_ in known):
            raise UsageError(f"checks: {pattern}: there is none; there are: {', '.join(known)}")
    yield from (each for each in _all(environment) if isinstance(each, Check))


def left_out(environment: Environment) -> Iterator[Excluded]:
    """What cannot be looked at here, each with its reason."""
    yield from (each for each in _all(environment) if isinstance(each, Excluded))


def _all(environment: Environment) -> Iterator[Check | Excluded]:
    for aspect in ASPECTS.load_all().values():
        yield from aspect.derive(environment)

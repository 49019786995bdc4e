"""Sweepers: what suites do to remove what a killed run left.

A sweeper removes one thing of the kind that its suite writes into the journal. It stands, or is
imported, in the module `resources` of a package that the environment file names under `suites`:

    @sweeper("user")
    async def user(environment: Environment, targets: Mapping[str, Target], name: str) -> bool:
        '''Signs in as a user and deletes them; False when there was no such user.'''

Another one may look for what is left where it is stored, in the database of `insight.database`,
with or without a journal; it takes what is ours alone, and nothing that is still wanted:

    @database_sweeper
    async def users(database: str, old: Old) -> list[Stored]:
        '''Deletes test users with all that is only theirs.'''
"""

import inspect
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field
from importlib.util import find_spec
from typing import TypeVar

from harness.environment import Environment
from harness.errors import UsageError
from harness.suite import RESOURCES, imported
from harness.target import Target

_MARK = "__keyarc_verify_sweeps__"
_STORED = ""


@dataclass(frozen=True, slots=True)
class Old:
    """What may be taken from a database.

    Attributes:
        age_s: It was made longer ago than this.
        spared: Ids of runs that still go on.
        is_dry: It is only looked at.
    """

    age_s: float
    spared: frozenset[str] = frozenset()
    is_dry: bool = False


@dataclass(frozen=True, slots=True)
class Stored:
    """Something that was found in a database. `kept`: why it was not removed."""

    kind: str
    name: str
    kept: str = ""

    def __str__(self) -> str:
        return f"{self.kind} {self.name}"


Sweeper = Callable[[Environment, Mapping[str, Target], str], Awaitable[bool]]
DatabaseSweeper = Callable[[str, Old], Awaitable[list[Stored]]]
AnySweeper = TypeVar("AnySweeper", bound=Callable[..., Awaitable[object]])


@dataclass(frozen=True, slots=True)
class Sweepers:
    """Those of an environment's suites; `of_kind`: by what they remove."""

    of_kind: dict[str, Sweeper] = field(default_factory=dict)
    of_database: list[DatabaseSweeper] = field(default_factory=list)


def sweeper(kind: str) -> Callable[[AnySweeper], AnySweeper]:
    """Makes an async function what removes things of this kind."""
    return lambda function: _marked(function, kind)


def database_sweeper(function: AnySweeper) -> AnySweeper:
    """Makes an async function what removes what is left from a database."""
    return _marked(function, _STORED)


def sweepers_of(packages: Iterable[str]) -> Sweepers:
    """The sweepers of suites.

    Raises:
        UsageError: A suite cannot be imported, or two sweepers are of the same kind.
    """
    found = Sweepers()
    for package in packages:
        imported(package)
        if find_spec(f"{package}.{RESOURCES}") is not None:
            for candidate in vars(imported(f"{package}.{RESOURCES}")).values():
                _add(found, candidate)
    return found


def _add(found: Sweepers, candidate: object) -> None:
    kind = getattr(candidate, _MARK, None) if inspect.isfunction(candidate) else None
    if not inspect.isfunction(candidate) or kind is None:
        return
    if kind == _STORED:
        if candidate not in found.of_database:
            found.of_database.append(candidate)
    elif found.of_kind.setdefault(kind, candidate) is not candidate:
        raise UsageError(f"{candidate.__module__}: a second sweeper is there for {kind!r}")


def _marked(function: AnySweeper, kind: str) -> AnySweeper:
    is_async = inspect.iscoroutinefunction(function)
    if not is_async:
        raise TypeError(f"sweeper {function.__name__}: write `async def`")
    setattr(function, _MARK, kind)
    return function

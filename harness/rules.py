"""May a release be rolled back?

Each rule keeps a rollback from doing harm; what is not known keeps it back as well. `held` is the
word for a rollback that a rule forbade.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from harness.deployment import Database, Running, State, compatible, same, shown
from harness.errors import HarnessError
from harness.ledger import Entry, Event, History
from harness.platforms import Platform

NO_TARGET = "the ledger has no release with a GO here that could be gone back to"


class Sight(Protocol):
    """What the rules ask the system itself: `harness.system.System`."""

    async def releases(self) -> set[str]: ...
    async def database(self) -> Database | None: ...
    async def unmendable(self) -> str | None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A release to be left, and what is known of it.

    Attributes:
        release: The one that got NO_GO; None where a person asks for the rollback.
        judged: What ran when it was judged; None where that is not known.
        target: The ledger's entry of what to go back to; None where it has none.
        begun_at: When the gate began; ISO 8601, UTC.
    """

    release: str | None
    judged: State | None
    running: State
    history: History
    target: Entry | None
    platform: Platform
    system: Sight
    begun_at: str


Rule = Callable[[Case], Awaitable[str | None]]


async def first_attempt(case: Case) -> str | None:
    """At most one rollback for a release."""
    attempt = case.history.rollback(case.release) if case.release else None
    if attempt is None:
        return None
    begun, ended = attempt
    how = ended.action if ended else "its end is not known"
    return f"a rollback of {case.release} was begun before, at {begun.at}: {how}"


async def at_rest(case: Case) -> str | None:
    """Nothing is rolled back in the middle of another operation."""
    changing = case.running.changing
    return f"an operation is under way on {', '.join(changing)}" if changing else None


async def still_the_same(case: Case) -> str | None:
    """What was judged is what runs: nobody has deployed anything else meanwhile."""
    if case.judged is None:
        return "what ran when it was judged is not known"
    for name in sorted({*case.judged.services, *case.running.services}):
        before, after = case.judged.services.get(name), case.running.services.get(name)
        if _is_another(before, after):
            return (
                f"somebody has deployed {name} meanwhile: {_told(before)} ran, now {_told(after)}"
            )
    return None


async def no_newer_deploy(case: Case) -> str | None:
    """The ledger knows of no deploy that began after the gate did."""
    for entry in case.history.entries:
        if entry.event is Event.DEPLOYED and entry.at > case.begun_at:
            return f"a deploy of {entry.release} has begun at {entry.at}"
    return None


async def serves_it(case: Case) -> str | None:
    """The release to be left is the one that serves."""
    if case.release is None:
        return None
    said = await case.system.releases() | case.running.releases
    if case.release in said:
        return None
    if said:
        return f"{case.release} is not what runs: {', '.join(sorted(said))} is"
    for entry in case.history.entries:
        other = entry.event is Event.GO and entry.release != case.release
        if other and same(entry.vector, case.running.vector):
            return f"{case.release} is not what runs: the artifacts are those of {entry.release}"
    return None


async def has_target(case: Case) -> str | None:
    """There is something to go back to: never just "the previous one"."""
    return NO_TARGET if case.target is None else None


async def obtainable(case: Case) -> str | None:
    """The target can still be had."""
    if case.target is None:
        return None
    missing = await case.platform.obtainable(case.target.vector)
    return (
        f"{case.target.release} cannot be had any more: {'; '.join(missing)}" if missing else None
    )


async def database_in_range(case: Case) -> str | None:
    """The target works with the database as it is now: migrations are never reverted."""
    if case.target is None:
        return None
    current = await case.system.database()
    if current is None:
        return None
    why = compatible(current, case.target.database)
    return f"{case.target.release} would not work with the database: {why}" if why else None


async def may_have_caused_it(case: Case) -> str | None:
    """A failure that no release can have caused is not mended by another release."""
    return await case.system.unmendable() if case.release else None


# The first that objects is told. `unmendable` comes before the database's revision, which then
# cannot be told.
RULES: tuple[Rule, ...] = (
    first_attempt,
    at_rest,
    still_the_same,
    no_newer_deploy,
    serves_it,
    has_target,
    obtainable,
    may_have_caused_it,
    database_in_range,
)


# Of one that was begun before: all else was looked at then, and what runs may be half of each.
RULES_TO_RESUME: tuple[Rule, ...] = (obtainable, database_in_range)


async def objections(case: Case, rules: Sequence[Rule] = RULES) -> list[str]:
    """Why this rollback must not be; the first reason is enough, and no answer is one.

    All rules are asked at once: the slowest of them is what the system waits for.
    """
    for found in await asyncio.gather(*(rule(case) for rule in rules), return_exceptions=True):
        if isinstance(found, HarnessError):
            return [f"cannot tell whether it may be rolled back: {found}"]
        if isinstance(found, BaseException):
            raise found
        if found:
            return [found]
    return []


def _is_another(before: Running | None, after: Running | None) -> bool:
    """Whether there was a deploy in between. An instance that is gone was not replaced: whoever
    crashes is no newer deploy."""
    if before is None or after is None:
        return before is not after
    known = {artifact.identity for artifact in before.artifacts}
    new = {artifact.identity for artifact in after.artifacts} - known
    return before.serial != after.serial or bool(new)


def _told(running: Running | None) -> str:
    if running is None or not running.artifacts:
        return "nothing"
    identities = dict.fromkeys(shown(artifact.identity) for artifact in running.artifacts)
    deploy = f" (deploy {running.serial})" if running.serial else ""
    return " and ".join(identities) + deploy

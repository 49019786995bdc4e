"""A finished run, sorted into what a reader asks of it; the same for every format."""

import shlex
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from harness.model import READINESS, Declared, Outcome, Reason, Result, RunRecord

Item = TypeVar("Item")
Key = TypeVar("Key")

_ORDER = list(Outcome)


@dataclass(frozen=True, slots=True)
class Reading:
    """What a run says.

    Attributes:
        problems: Results that keep it from GO, the worst first.
        advisory: Results that would, were they not advisory, with what was declared of them.
        expired: Declared with an allowance that no longer holds.
        unfinished: Declared, and without a result.
        rest: Reasons that no problem tells.
    """

    problems: Sequence[Result]
    advisory: Sequence[tuple[Result, Declared]]
    expired: Sequence[Declared]
    unfinished: Sequence[Declared]
    rest: Sequence[Reason]

    @classmethod
    def of(cls, record: RunRecord) -> "Reading":
        declared = {item.id: item for item in record.manifest.declared}
        wrong = [result for result in record.results if result.outcome is not Outcome.PASS]
        wrong.sort(key=lambda result: (-_ORDER.index(result.outcome), result.id))
        advisory = [(r, declared[r.id]) for r in wrong if not _counts(declared.get(r.id))]
        problems = [result for result in wrong if _counts(declared.get(result.id))]
        told = {result.id for result in problems}
        seen = {result.id for result in record.results}
        return cls(
            problems=problems,
            advisory=advisory,
            expired=[item for item in declared.values() if item.required and item.allowance],
            unfinished=[item for item in declared.values() if item.id not in seen],
            rest=[reason for reason in record.judgement.reasons if reason.check not in told],
        )


def grouped(items: Iterable[Item], key: Callable[[Item], Key]) -> dict[Key, list[Item]]:
    """Items that have something in common together, in the order of their first."""
    groups: dict[Key, list[Item]] = {}
    for item in items:
        groups.setdefault(key(item), []).append(item)
    return groups


def to_repeat(result: Result, command: str) -> str | None:
    """The command that runs it again: of what pytest ran, that of its suite alone."""
    if not command or result.kind != "check":
        return None
    of_suite = result.id.partition(".")[0] in command.split()[1:2]
    known = of_suite or (bool(result.attempts) and not result.id.startswith(READINESS))
    return f"{command} --only {shlex.quote(result.id)}" if known else None


def _counts(declared: Declared | None) -> bool:
    return declared is None or declared.required

"""What `list` prints: each check, whether it decides, and what it promises."""

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Literal

from harness.cli._exits import written
from harness.cli._imagined import imagined
from harness.environment import find, parse
from harness.errors import HarnessError, UsageError
from harness.plan import Plan, plan

State = Literal["required", "advisory", "excluded"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A check as it would be run. `reason` says why it does not decide, or not any more."""

    id: str
    service: str | None
    state: State
    promise: str
    reason: str


def print_checks(env: str, only: str | None, output_format: str) -> None:
    """Prints what would run.

    Raises:
        UsageError: The environment cannot be used, or the format is unknown.
    """
    if output_format not in ("text", "json"):
        raise UsageError(f"unknown format {output_format!r}; known: json, text")
    planned = plan(imagined(parse(find(env))), only)
    entries = sorted(_entries(planned), key=lambda entry: entry.id)
    if output_format == "json":
        text = json.dumps([asdict(entry) for entry in entries], indent=2) + "\n"
    else:
        text = "\n".join([*_lines(entries), "", _count(entries), *planned.shortfalls]) + "\n"
    problem = written(text)
    if problem:
        raise HarnessError(problem)


def _entries(planned: Plan) -> Iterator[Entry]:
    for declared in planned.declared:
        if declared.kind == "check":
            yield Entry(
                id=declared.id,
                service=declared.service,
                state="required" if declared.required else "advisory",
                promise=_first_line(declared.promise),
                reason=declared.allowance,
            )
    for excluded in planned.excluded:
        yield Entry(
            id=excluded.id,
            service=excluded.service,
            state="excluded",
            promise=_first_line(excluded.promise),
            reason=excluded.reason,
        )


def _lines(entries: list[Entry]) -> Iterator[str]:
    width = max((len(entry.id) for entry in entries), default=0)
    for entry in entries:
        yield f"{entry.state:<8}  {entry.id:<{width}}  {entry.service or '-'}".rstrip()
        if entry.promise:
            yield f"{'':<10}{entry.promise}"
        if entry.reason:
            yield f"{'':<10}({entry.reason})"


def _count(entries: list[Entry]) -> str:
    counts: Mapping[str, int] = Counter(entry.state for entry in entries)
    return ", ".join(f"{n} {state}" for state, n in sorted(counts.items(), reverse=True))


def _first_line(promise: str) -> str:
    """The first sentence's line; docstrings break where the source does."""
    return " ".join(promise.partition("\n\n")[0].split())

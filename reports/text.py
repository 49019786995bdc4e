"""For a person: what failed first and why, and the verdict on the last lines."""

import textwrap
from collections.abc import Iterable, Iterator, Sequence

from harness.model import (
    Action,
    Consequence,
    Excluded,
    Outcome,
    Reason,
    Result,
    RunRecord,
)
from reports import _grid
from reports._matrix import Matrix
from reports._printable import printable, shortened
from reports._reading import Reading, grouped, to_repeat

_INDENT = " " * 9
_WIDTH = 79
# {0} is the release at the gate, {1} the one that it goes back to.
_ACTIONS = {
    Action.KEPT: "{0} stays, and is in the ledger as good",
    Action.BLOCKED: "nothing was changed",
    Action.HELD: "nothing was changed, a rollback would not be safe",
    Action.ROLLED_BACK_VERIFIED: "{1} serves again, and has passed its checks",
    Action.ROLLBACK_FAILED: "the rollback to {1} did not succeed: look at it now",
}
# So many are named; of more, their number tells enough.
_NAMED = 3
_LISTED = 20


def render(record: RunRecord) -> str:
    """The whole report; plain text, without anything that could steer a terminal."""
    reading = Reading.of(record)
    lines = [*_problems(reading.problems, record.manifest.command), *_aside(reading, record)]
    lines += list(_of_the_run(reading.rest))
    if lines and lines[-1]:
        lines.append("")
    matrix = Matrix.of(record)
    if matrix is not None:
        lines += [*_grid.lines(matrix), ""]
    lines += _summary(record)
    return "\n".join(printable(line) for line in lines) + "\n"


def summary(record: RunRecord) -> str:
    """The verdict alone, in one line."""
    action = f"  {record.consequence.action}" if record.consequence else ""
    return printable(_verdict_line(record) + action) + "\n"


def _problems(problems: Sequence[Result], command: str) -> Iterator[str]:
    """Each by itself; those that one and the same resource keeps from running together."""
    groups = grouped(problems, lambda result: (result.outcome, result.blocked_by or result.id))
    for (outcome, _), results in groups.items():
        if len(results) > 1:
            yield f"{outcome.upper():<8} {len(results)} checks: {results[0].message}"
            named = [result.id for result in results[:_LISTED]]
            more = len(results) - len(named)
            yield from _prose(", ".join(named) + (f" and {more} more" if more else ""))
            yield ""
        else:
            yield from _problem(results[0], command)


def _problem(result: Result, command: str) -> Iterator[str]:
    yield f"{result.outcome.upper():<8} {result.id}"
    yield from _prose(result.promise)
    if result.message:
        yield f"{_INDENT}{shortened(result.message)}"
    if result.expected or result.came:
        yield f"{_INDENT}expected  {shortened(result.expected)}"
        yield f"{_INDENT}came      {shortened(result.came)}"
    if result.curl:
        yield f"{_INDENT}{result.curl}"
    again = to_repeat(result, command)
    if again:
        yield f"{_INDENT}{again}"
    yield ""


def _aside(reading: Reading, record: RunRecord) -> Iterator[str]:
    """What does not decide, and is not to be forgotten either."""
    for result, declared in reading.advisory:
        found = ": ".join(part for part in (result.message, result.came) if part)
        yield f"advisory {result.id}: {result.outcome}: {shortened(found) or 'no reason given'}"
        yield f"{_INDENT}{declared.allowance}"
    for declared in reading.expired:
        yield f"expired  {declared.id}: {declared.allowance}"
    by_reason = grouped(record.manifest.excluded, lambda excluded: excluded.reason)
    for reason, excluded in by_reason.items():
        yield f"not run  {_named(excluded)}: {reason}"


def _of_the_run(reasons: Iterable[Reason]) -> Iterator[str]:
    """Reasons that no result has told yet; one line for those that say the same."""
    for (verdict, text), alike in grouped(reasons, lambda r: (r.verdict, r.text)).items():
        about = [reason.check for reason in alike if reason.check]
        if len(about) > 1:
            yield f"{verdict:<8} {_counted(about)} {text}"
        else:
            yield f"{verdict:<8} {' '.join([*about, text])}"


def _counted(ids: Sequence[str]) -> str:
    resources = sum(id_.startswith("resource.") for id_ in ids)
    counts = {"checks": len(ids) - resources, "resources": resources}
    told = (f"{n} {what if n > 1 else what[:-1]}" for what, n in counts.items() if n)
    return " and ".join(told)


def _named(excluded: Sequence[Excluded]) -> str:
    if len(excluded) > _NAMED:
        return f"{len(excluded)} checks"
    return ", ".join(each.id for each in excluded)


def _prose(text: str) -> list[str]:
    """Our own words, broken into lines; what a server said is left whole, to be copied."""
    return textwrap.wrap(
        " ".join(text.split()),
        _WIDTH,
        initial_indent=_INDENT,
        subsequent_indent=_INDENT,
        break_long_words=False,
        break_on_hyphens=False,
    )


def _summary(record: RunRecord) -> Iterator[str]:
    if record.manifest.release:
        yield f"release  {record.manifest.release} was expected"
    yield _verdict_line(record)
    if record.consequence is not None:
        yield from _consequence(record.consequence)
    if record.sha256:
        yield f"evidence {record.directory}"
        yield f"sha256   {record.sha256}  verdict.json"


def _consequence(found: Consequence) -> Iterator[str]:
    """What the gate did, and why not more."""
    acted = found.action in (Action.ROLLED_BACK_VERIFIED, Action.ROLLBACK_FAILED)
    duration = f" in {found.duration_ms / 1000:.2f} s" if acted else ""
    said = _ACTIONS[found.action].format(found.release, found.target)
    yield f"action   {found.action}{duration}: {said}"
    for why in found.why:
        yield from (f"{_INDENT}{shortened(line)}" for line in why.splitlines())


def _verdict_line(record: RunRecord) -> str:
    judgement = record.judgement
    total = sum(item.kind == "check" for item in record.manifest.declared)
    passed = judgement.counts.get(Outcome.PASS, 0)
    duration_s = judgement.duration_ms / 1000
    excluded = len(record.manifest.excluded)
    rest = f", {excluded} not run" if excluded else ""
    return f"{judgement.verdict:<5} {passed} of {total} checks passed in {duration_s:.2f} s{rest}"

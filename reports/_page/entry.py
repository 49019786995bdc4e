"""One result with all that is known of it: what was done, expected and seen, how to repeat it."""

from collections.abc import Iterator, Mapping
from typing import Any

from harness.model import Attempt, Cell, Exchange, Outcome, Result, RunRecord
from reports._page.evidence import NoEvidenceError, read
from reports._page.markup import Anchors, Markup, block, facts, joined, tag
from reports._page.seen import brief, is_empty, number, pair, seen, worded
from reports._page.words import badge, class_of, duration
from reports._printable import shortened
from reports._reading import to_repeat

_EXCHANGES = 30
_IN_A_LINE = 3
# Of the evidence, what is told elsewhere in the entry.
_TOLD = frozenset({"id", "promise", "timeline", "expected", "detected_ms", "recovered_ms"})


def entry(result: Result, record: RunRecord, anchors: Anchors, *, opened: bool) -> Markup:
    """A line, which opens to all of it."""
    said = tag("span", shortened(result.message), class_="said") if result.message else ""
    head = tag("summary", badge(result.outcome), " ", tag("code", result.id), " ", said)
    # The name is inside, so that a link to it opens what is closed.
    body = tag(
        "div", *_body(result, record), id=anchors.of(result.id), tabindex="-1", class_="body"
    )
    return tag("details", head, body, open=opened, class_=f"entry {class_of(result.outcome)}")


def _body(result: Result, record: RunRecord) -> Iterator[Markup]:
    if result.promise:
        yield tag("p", " ".join(result.promise.split()), class_="promise")
    yield facts(_facts(result), "facts told")
    if result.curl:
        yield from (tag("p", "The request that failed:"), block(result.curl))
    again = to_repeat(result, record.manifest.command)
    if again and result.outcome is not Outcome.PASS:
        yield from (tag("p", "To run it again:"), block(again))
    if result.cell:
        yield from _evidence(result.cell, record)
    for nth, attempt in enumerate(result.attempts, 1):
        yield from _attempt(attempt, nth, result)


def _facts(result: Result) -> Iterator[tuple[str, str | None]]:
    yield "Expected", shortened(result.expected)
    yield "Came", shortened(result.came)
    yield "Needs", result.blocked_by
    cell = result.cell
    if cell is not None:
        yield "Health told of it", _after(cell.detected_ms, "the injection")
        yield "All was well", _after(cell.recovered_ms, "the heal")
    yield "Took", duration(result.duration_ms)


def _after(duration_ms: float | None, what: str) -> str | None:
    return None if duration_ms is None else f"{duration(duration_ms)} after {what}"


def _evidence(cell: Cell, record: RunRecord) -> Iterator[Markup]:
    """What the engine wrote of it; where that is missing or broken, this is what is told."""
    try:
        document = read(record.directory, cell.evidence)
    except NoEvidenceError as error:
        yield tag("p", f"There is no evidence to show: {error}.", class_="missing")
        return
    expected = document.get("expected")
    told = dict(document) if isinstance(expected, dict) else {**document, "as expected": expected}
    yield facts(_rest(told))
    yield tag(
        "div", seen(document, cell.evidence), class_="wide", tabindex="0", role="region",
        aria_label=f"What was seen of services in {cell.evidence}",
    )  # fmt: skip


def _rest(document: Mapping[str, Any]) -> Iterator[tuple[str, str | None]]:
    for key, value in document.items():
        took_ms = number(value) if key.endswith("_ms") else None
        if took_ms is not None and key not in _TOLD:
            yield worded(key.removesuffix("_ms")).capitalize(), f"at {duration(took_ms)}"
        elif key not in _TOLD and not is_empty(value):
            yield worded(key).capitalize(), _value(value)


def _value(value: object) -> str:
    """Several things of one kind below each other; all else in a line."""
    if isinstance(value, list) and any(isinstance(part, dict) for part in value):
        return tag("ul", *(tag("li", brief(part)) for part in value))
    if isinstance(value, dict) and len(value) > _IN_A_LINE:
        return tag("ul", *(tag("li", pair(key, part)) for key, part in value.items()))
    return brief(value)


def _attempt(attempt: Attempt, number: int, result: Result) -> Iterator[Markup]:
    if len(result.attempts) > 1:
        yield tag("h4", f"Attempt {number}: {attempt.finding.outcome}")
    if attempt.steps:
        steps = (
            tag("li", "" if step.ok else "✗ ", step.name, " ", tag("b", duration(step.duration_ms)))
            for step in attempt.steps
        )
        yield tag("ol", *steps, class_="steps")
    if attempt.exchanges and result.outcome is not Outcome.PASS:
        yield _exchanges(attempt)


def _exchanges(attempt: Attempt) -> Markup:
    """The last ones: what was decisive is near the end."""
    shown = attempt.exchanges[-_EXCHANGES:]
    left_out = len(attempt.exchanges) - len(shown)
    about = f"Requests: {len(attempt.exchanges)}"
    more = f", the last {_EXCHANGES} of which are here; all are in results.jsonl"
    head = tag("summary", about + (more if left_out else ""))
    listed = (
        tag("li", _exchange(each, decisive=number == attempt.decisive))
        for number, each in enumerate(shown, left_out)
    )
    return tag("details", head, tag("ol", *listed, start=str(left_out + 1)), class_="exchanges")


def _exchange(exchange: Exchange, *, decisive: bool) -> Markup:
    came = exchange.error or str(exchange.status or "no answer")
    line = f"{exchange.method} {exchange.url} → {shortened(came)} in {exchange.duration_ms:.0f} ms"
    mark = tag("b", " (it failed here)") if decisive else ""
    parts = [tag("span", line, class_="line"), mark]
    parts += _message(exchange.request_headers, exchange.request_body)
    parts += _message(exchange.response_headers, exchange.response_body)
    return joined(parts)


def _message(headers: tuple[tuple[str, str], ...], body: str | None) -> list[Markup]:
    lines = [f"{name}: {value}" for name, value in headers]
    told = "\n".join([*lines, "", body] if body else lines)
    return [block(told)] if told else []

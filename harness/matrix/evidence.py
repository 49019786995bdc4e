"""What is kept of a trial: its result, and a file with all that was seen."""

import json
from dataclasses import asdict
from pathlib import Path

from harness.matrix.experiment import Found
from harness.matrix.observation import Observation
from harness.matrix.trial import CONTROL, Trial
from harness.model import Attempt, Cell, Finding, Outcome, Result
from harness.records import CELLS, explained
from harness.redaction import Redactor
from harness.trail import Trail

PAIR = "pair"
# A trial with its heal sees a few hundred looks; more would say the same again.
MOST_LOOKS = 2000


def result(
    trial: Trial, found: Found | None, error: BaseException | None, trail: Trail, started_at: str
) -> Result:
    """The result of a trial, not redacted yet.

    Args:
        found: None where it did not come to its end.
        error: What kept it from that.
    """
    finding = _finding(found, error)
    attempt = Attempt(
        finding=finding,
        duration_ms=trail.elapsed_ms(),
        steps=tuple(trail.steps),
        exchanges=tuple(trail.exchanges),
    )
    return Result(
        id=trial.id,
        outcome=finding.outcome,
        service=trial.service,
        promise=trial.promise,
        message=finding.message,
        expected=finding.expected,
        came=finding.came,
        started_at=started_at,
        duration_ms=trail.elapsed_ms(),
        attempts=(attempt,),
        cell=cell(trial, found),
    )


def cell(trial: Trial, found: Found | None = None) -> Cell:
    """Where it stands in the matrix."""
    first = trial.broken[0] if trial.broken else None
    names = " + ".join(f"{each.name} {each.place}" for each in trial.broken)
    if len(trial.broken) > 1:
        fault, kind, dependency = names, PAIR, None
    else:
        fault, kind = (first.name, first.fault.kind) if first else (CONTROL, "control")
        dependency = first.place.dependency if first else None
    return Cell(
        fault=fault,
        kind=kind,
        service=trial.service,
        dependency=dependency,
        detected_ms=_ms(found.detected_s) if found else None,
        recovered_ms=_ms(found.recovered_s) if found else None,
        evidence=f"{CELLS}/{trial.id}.json" if found else "",
    )


def keep(directory: Path, trial: Trial, found: Found, redactor: Redactor) -> None:
    """Writes all that was seen. Raises RecordsError: it cannot be written."""
    file = directory / CELLS / f"{trial.id}.json"
    document = {
        "id": trial.id,
        "promise": trial.promise,
        "broken": [
            {
                "fault": each.name,
                "place": str(each.place),
                "parameters": each.fault.model_dump(mode="json"),
            }
            for each in trial.broken
        ],
        "expected": {
            name: {"health": one.health, "names": sorted(one.names), "settles": one.settles}
            for name, one in found.expected.items()
        },
        "complaints": [asdict(complaint) for complaint in found.complaints],
        "injected_ms": _ms(found.injected_s),
        "detected_ms": _ms(found.detected_s),
        "heal_ms": _ms(found.heal_s),
        "recovered_ms": _ms(found.recovered_s),
        "uses": found.asked,
        "links": found.links,
        "writes": {"acknowledged": found.writes[0], "unknown": found.writes[1]}
        if found.writes
        else None,
        "timeline": [_look(seen) for seen in found.seen[:MOST_LOOKS]],
    }
    text = json.dumps(_clean(document, redactor), indent=1)
    with explained(file):
        file.parent.mkdir(exist_ok=True)
        file.write_text(text + "\n", encoding="utf-8")


def _finding(found: Found | None, error: BaseException | None) -> Finding:
    if error is not None:
        said = str(error) or type(error).__name__
        return Finding(outcome=Outcome.ERROR, message=said)
    if found is None:
        return Finding(outcome=Outcome.ERROR, message="it did not come to its end")
    if not found.complaints:
        return Finding(outcome=Outcome.PASS)
    first, *more = found.complaints
    also = f" (and {len(more)} more: {'; '.join(each.message for each in more)})" if more else ""
    return Finding(
        outcome=Outcome.FAIL,
        message=first.message + also,
        expected=first.expected,
        came=first.came,
    )


def _look(seen: Observation) -> dict[str, object]:
    return {
        "at_ms": _ms(seen.answered_s),
        "took_ms": _ms(seen.seconds),
        "service": seen.service,
        "what": seen.what,
        "status": seen.status,
        "says": seen.told(),
        "body": seen.shown if not seen.passes else "",
    }


def _clean(tree: object, redactor: Redactor) -> object:
    if isinstance(tree, dict):
        return {name: _clean(part, redactor) for name, part in tree.items()}
    if isinstance(tree, list):
        return [_clean(part, redactor) for part in tree]
    return redactor.prose(tree) if isinstance(tree, str) else tree


def _ms(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds * 1000, 1)

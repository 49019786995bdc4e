"""When what happened at the gate, from the evidence that a run, a ledger and the services leave.

All of them wrote the time of day of one machine, to the millisecond. The first wrong answer is
dated by who served it: services note each request that they have answered, with the time and an id,
which the answer carries as `X-Request-Id`; the run's evidence keeps the answer that a check failed
after. No other source will do: a result says when its check was asked for, and the check may have
waited since; an answer's `Date` has whole seconds.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import astuple, dataclass, fields
from datetime import datetime
from pathlib import Path
from typing import Any

from harness.errors import UsageError
from harness.ledger import Event
from harness.model import Action, Exchange, Outcome, RunRecord, Verdict
from harness.records import read

# Milliseconds are cut off, not rounded.
ROUNDING_S = 0.001


class Untold(Exception):  # noqa: N818  a finding, not a defect
    """What is left of a round does not tell a moment; no figure is made of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Moments:
    """One rollback; seconds since the epoch, in the order in which they come.

    Attributes:
        began: The gate began to verify.
        wrong: The first wrong answer was served of those that the verdict stands on.
        decided: The verdict was known.
        issued: The ledger had the beginning of the rollback; the platform is asked right after.
        restored: The good release served alone.
        verified: The good release had passed its checks, and the gate had said so.
    """

    began: float
    wrong: float
    decided: float
    issued: float
    restored: float
    verified: float

    def __post_init__(self) -> None:
        values = astuple(self)
        for name, one, next_ in zip(fields(self)[1:], values, values[1:], strict=False):
            if next_ < one:
                raise Untold(f"{name.name} is {one - next_:.3f} s before what came before it")


def moments(
    run: Path, ledger: Sequence[Mapping[str, Any]], logs: Path, restored: float | None
) -> Moments:
    """The moments of one rollback that succeeded.

    Args:
        run: The gate's run directory.
        ledger: Entries of the bad release, as `release show --format json` gives them.
        logs: Where the services' logs are.
        restored: As somebody beside the gate saw it; None: nobody did.

    Raises:
        Untold: It did not go as it should, or one of them cannot be known.
    """
    try:
        record = read(run)
    except UsageError as error:
        raise Untold(str(error)) from None
    followed = record.consequence
    if record.judgement.verdict is not Verdict.NO_GO or followed is None:
        raise Untold(f"the verdict is {record.judgement.verdict}, and not one that is followed")
    if followed.action is not Action.ROLLED_BACK_VERIFIED:
        raise Untold(f"the action is {followed.action}: {'; '.join(followed.why)}")
    if restored is None:
        raise Untold("nobody saw the good release serve alone")
    return Moments(
        began=seconds(record.manifest.started_at),
        wrong=first_wrong(record, served(logs)),
        decided=seconds(record.judgement.finished_at),
        issued=_issued(record.judgement.run_id, ledger),
        restored=restored,
        verified=seconds(followed.finished_at),
    )


def first_wrong(record: RunRecord, served_at: Mapping[str, float]) -> float:
    """When the first answer was served that a check of this run failed after.

    Args:
        served_at: By request id.

    Raises:
        Untold: No check failed after an answer, or one of the answers cannot be dated.
    """
    found = []
    for sent_at, exchange in _decisive(record):
        headers = {name.lower(): value for name, value in exchange.response_headers}
        at = served_at.get(headers.get("x-request-id", ""))
        if at is None:
            raise Untold(f"no service noted when it answered {exchange.method} {exchange.url}")
        if at < sent_at:
            raise Untold(f"{exchange.url} was answered {sent_at - at:.3f} s before it was asked")
        found.append(at)
    if not found:
        raise Untold("no check failed after an answer")
    return min(found)


def served(logs: Path) -> dict[str, float]:
    """When requests were answered, by their ids; where several services note one, the first."""
    found: dict[str, float] = {}
    for file in logs.glob("*.log"):
        for line in file.read_text(errors="replace").splitlines():
            try:
                noted = json.loads(line)
                id_, at = noted["request_id"], seconds(noted["time"])
            except (ValueError, LookupError, TypeError):
                continue  # PostgreSQL writes text, and not every line is about a request.
            found[id_] = min(at, found.get(id_, at))
    return found


def seconds(text: str) -> float:
    """ISO 8601 as seconds since the epoch; ValueError where it is none, or names no zone."""
    at = datetime.fromisoformat(text)
    if at.tzinfo is None:
        raise ValueError(f"{text} could be anywhere")
    return at.timestamp()


def _decisive(record: RunRecord) -> Iterator[tuple[float, Exchange]]:
    """Each answer that a check failed after, and a time that it cannot have been sent before."""
    for result in record.results:
        if result.kind != "check" or result.outcome is not Outcome.FAIL:
            continue
        asked_at = seconds(result.started_at)
        for attempt in result.attempts:
            if attempt.finding.outcome is Outcome.FAIL and attempt.decisive is not None:
                exchange = attempt.exchanges[attempt.decisive]
                # An answer that is shared may be older than the check that reads it.
                sent_at = 0.0 if exchange.shared else asked_at + exchange.started_ms / 1000
                yield sent_at - ROUNDING_S, exchange


def _issued(run_id: str, ledger: Sequence[Mapping[str, Any]]) -> float:
    begun = [
        entry
        for entry in ledger
        if entry["event"] == Event.ROLLBACK_BEGUN and entry["run_id"] == run_id
    ]
    if len(begun) != 1:
        raise Untold(f"the ledger has {len(begun)} rollbacks of this run, not one")
    return seconds(begun[0]["at"])

"""The nouns of a run. Plain values: nothing here reads a clock, a file or a network.

Times of day are ISO 8601 in UTC; durations are milliseconds.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Literal

SCHEMA_VERSION = 1
# How the ids of what a gate waits for begin; no other command runs these.
READINESS = "ready."

Headers = tuple[tuple[str, str], ...]
Kind = Literal["check", "resource"]


class Outcome(StrEnum):
    """How a check ended."""

    PASS = "pass"  # noqa: S105  an outcome, not a password
    FLAKY = "flaky"
    SKIPPED = "skipped"
    NO_DATA = "no_data"
    ERROR = "error"
    FAIL = "fail"


class Verdict(StrEnum):
    """May the release stay? Ordered: GO < HOLD < NO_GO, and the worst wins."""

    GO = "GO"
    HOLD = "HOLD"
    NO_GO = "NO_GO"

    @property
    def exit_code(self) -> int:
        return {Verdict.GO: 0, Verdict.HOLD: 20, Verdict.NO_GO: 10}[self]


class Action(StrEnum):
    """What became of a release after its verdict."""

    KEPT = "kept"
    BLOCKED = "blocked"
    HELD = "held"
    ROLLED_BACK_VERIFIED = "rolled_back_verified"
    ROLLBACK_FAILED = "rollback_failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """One request and what came back: an answer, or an error.

    `shared`: another check had sent it, and its answer was read here as well.
    """

    method: str
    url: str
    request_headers: Headers = ()
    request_body: str | None = None
    status: int | None = None
    response_headers: Headers = ()
    response_body: str | None = None
    error: str | None = None
    step: str | None = None
    shared: bool = False
    started_ms: float = 0.0
    duration_ms: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """A named part of a check."""

    name: str
    ok: bool
    duration_ms: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What an ending means: the outcome, and why, in words."""

    outcome: Outcome
    message: str = ""
    expected: str = ""
    came: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One run through a check, with everything that it sent and saw.

    `decisive` is the position of the exchange after which it failed.
    """

    finding: Finding
    decisive: int | None = None
    duration_ms: float
    steps: tuple[Step, ...] = ()
    exchanges: tuple[Exchange, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """A fault at one place, as a cell of the matrix of faults.

    `service` and `dependency` are the place; `dependency` is there where the way to it is broken.
    `detected_ms`: from the injection until health told of it; `recovered_ms`: from the heal until
    all were healthy; None where that was not to be seen, or was not seen. `evidence`: a file in
    the run directory.
    """

    fault: str
    kind: str
    service: str
    dependency: str | None = None
    detected_ms: float | None = None
    recovered_ms: float | None = None
    evidence: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Declared:
    """Something that is to run: a check, or a resource that checks need.

    Where it is not `required`, `allowance` says why, and until when. `cell`: see `Result`.
    """

    id: str
    kind: Kind = "check"
    service: str | None = None
    promise: str = ""
    required: bool = True
    allowance: str = ""
    cell: Cell | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Excluded:
    """A check that the environment's policy, or an entry in its file, keeps from running."""

    id: str
    reason: str
    service: str | None = None
    promise: str = ""
    cell: Cell | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """How a declared thing ended. `blocked_by` names the resource that kept it from running.

    `round`: which time it was, where a bake runs the same checks again. `cell`: of the matrix of
    faults, where it is one.
    """

    id: str
    outcome: Outcome
    kind: Kind = "check"
    service: str | None = None
    promise: str = ""
    message: str = ""
    expected: str = ""
    came: str = ""
    blocked_by: str | None = None
    curl: str = ""
    started_at: str = ""
    duration_ms: float = 0.0
    attempts: tuple[Attempt, ...] = ()
    round: int = 0
    cell: Cell | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """One thing that keeps a run from GO."""

    verdict: Verdict
    text: str
    check: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """What was to run, written before the first request.

    `release`: the one that is expected. `command` runs the same again.
    """

    run_id: str
    tool_version: str
    environment: str
    started_at: str
    declared: tuple[Declared, ...]
    excluded: tuple[Excluded, ...] = ()
    release: str | None = None
    selection: str | None = None
    left_out: int = 0
    command: str = ""
    schema_version: int = SCHEMA_VERSION


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """The verdict of a run and all that led to it; `evidence` maps file names to SHA-256."""

    run_id: str
    tool_version: str
    environment: str
    release: str | None = None
    verdict: Verdict
    reasons: tuple[Reason, ...]
    counts: Mapping[str, int]
    started_at: str
    finished_at: str
    duration_ms: float
    evidence: Mapping[str, str] = field(default_factory=dict)
    schema_version: int = SCHEMA_VERSION


@dataclass(frozen=True, slots=True, kw_only=True)
class Consequence:
    """What a gate did after its verdict.

    `why`: one sentence each, for what kept it from more. `target`: the release that it went back
    to, or would have. `verdict_sha256`: of the verdict that it follows. Times are from that verdict
    to the end of what was done.
    """

    action: Action
    release: str
    why: tuple[str, ...] = ()
    target: str | None = None
    verdict_sha256: str = ""
    started_at: str = ""
    finished_at: str = ""
    duration_ms: float = 0.0
    schema_version: int = SCHEMA_VERSION


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRecord:
    """A finished run, as reports read it: nothing in it is still to be redacted.

    `results` has each id once; `consequence` is there where a gate decided what follows.
    """

    manifest: Manifest
    results: tuple[Result, ...]
    judgement: Judgement
    directory: Path | None
    sha256: str
    consequence: Consequence | None = None

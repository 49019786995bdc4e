"""One line of a ledger."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from harness.deployment import Artifact, Database

ENTRY_VERSION = 1


class Event(StrEnum):
    """What happened to a release."""

    DEPLOYED = "deployed"
    GO = "go"
    NO_GO = "no_go"
    ROLLBACK_BEGUN = "rollback_begun"
    ROLLBACK_ENDED = "rollback_ended"
    FORGOTTEN = "forgotten"


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """What happened to one release in one environment.

    Attributes:
        at: ISO 8601, UTC.
        vector: What it consisted of; given with `go`, and with `rollback_begun` for the target.
        database: As it was then; None where the environment declares none.
        evidence: SHA-256 of the run's `verdict.json`.
        target: The release that a rollback goes to.
        action: How a rollback ended: one of `Action`.
        why: In words, for people.
    """

    event: Event
    environment: str
    release: str
    at: str
    run_id: str = ""
    vector: Mapping[str, Artifact] = field(default_factory=dict)
    database: Database | None = None
    evidence: str = ""
    target: str | None = None
    action: str | None = None
    why: str = ""
    version: int = ENTRY_VERSION

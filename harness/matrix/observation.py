"""What was seen of a service at one moment."""

import json
from dataclasses import dataclass, field
from typing import Any, Literal

import httpx

What = Literal["health", "live"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Observation:
    """One look at a service.

    Attributes:
        asked_s: When it was asked; seconds, on the clock of the trial, as for `answered_s`.
        status: None where nothing answered.
        says: `pass`, `warn` or `fail`, as the body has it; None where it is no health answer.
        failing: The components that the body says are not well.
        trouble: Why there is no answer, or what is wrong with it.
        shown: The beginning of the body.
    """

    service: str
    what: What
    asked_s: float
    answered_s: float
    status: int | None = None
    says: str | None = None
    failing: frozenset[str] = field(default_factory=frozenset)
    trouble: str = ""
    shown: str = ""

    @property
    def is_own(self) -> bool:
        """Whether the service itself has answered; what stands before it may answer, too."""
        return self.says is not None

    @property
    def passes(self) -> bool:
        return self.status == 200 and self.says in ("pass", "warn")

    @property
    def fails(self) -> bool:
        return self.status is not None and self.status >= 400 and self.says == "fail"

    @property
    def seconds(self) -> float:
        return self.answered_s - self.asked_s

    def told(self) -> str:
        """In a few words, for who reads of it."""
        if self.status is None:
            return self.trouble or "no answer"
        named = f", failing: {', '.join(sorted(self.failing))}" if self.failing else ""
        return f"{self.status} {self.says or 'and no health answer'}{named}"


SHOWN_CHARS = 600


def read(response: httpx.Response, *, formatted: bool) -> dict[str, Any]:
    """What a health answer says, as fields of an `Observation`.

    Args:
        formatted: Whether the service answers after draft-06; else the status is all there is.
    """
    shown = response.text[:SHOWN_CHARS]
    if not formatted:
        says = "pass" if response.is_success else "fail"
        return {"status": response.status_code, "says": says, "shown": shown}
    body = _object(response)
    says = str(body.get("status", "")).lower()
    checks = body.get("checks")
    failing = {
        str(key).partition(":")[0]
        for key, entries in (checks.items() if isinstance(checks, dict) else ())
        for entry in (entries if isinstance(entries, list) else ())
        if isinstance(entry, dict) and entry.get("status") == "fail"
    }
    return {
        "status": response.status_code,
        "says": says if says in ("pass", "warn", "fail") else None,
        "failing": frozenset(failing),
        "shown": shown,
    }


def _object(response: httpx.Response) -> dict[str, Any]:
    try:
        body = json.loads(response.content)
    except (ValueError, RecursionError):
        return {}
    return body if isinstance(body, dict) else {}

"""What a pytest session tells of its tests, line by line, as results of a run."""

import json
import signal
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from harness.model import Outcome, Result

if TYPE_CHECKING:
    from harness.verification import Verification

_LONGEST_MESSAGE = 4000
_WRONG = {Outcome.FAIL, Outcome.ERROR, Outcome.NO_DATA, Outcome.FLAKY}


@dataclass(slots=True)
class Following:
    """What one session has told so far.

    Args:
        promises: Of each test that was declared, by its id.
        on_failure: Called when a test has failed.

    Attributes:
        outcomes: By test.
    """

    name: str
    promises: Mapping[str, str]
    verification: "Verification"
    on_failure: Callable[[], None]
    outcomes: dict[str, Outcome] = field(default_factory=dict)
    finished: int | None = None

    def on_line(self, line: bytes) -> None:
        try:
            self._take(json.loads(line))
        except (ValueError, LookupError, TypeError):
            self.verification.trouble(f"suite {self.name}: a line is no result")

    def _take(self, said: Mapping[str, Any]) -> None:
        if said["kind"] == "finished":
            self.finished = said["code"]
        elif said["kind"] == "trouble":
            self.verification.trouble(self.verification.redactor.prose(said["text"]))
        elif said["kind"] == "result":
            result = self._result(said)
            self.outcomes[result.id] = result.outcome
            self.verification.on_result(result)
            if result.outcome is not Outcome.PASS:
                self.on_failure()

    def _result(self, said: Mapping[str, Any]) -> Result:
        id_ = self.verification.redactor.text(said["id"])
        return Result(
            id=id_,
            outcome=Outcome(said["outcome"]),
            promise=self.promises.get(id_, ""),
            message=self._shown(said["message"]),
            expected=self._shown(said["expected"]),
            came=self._shown(said["came"]),
            # Whoever made the line has redacted it; "authorization: Bearer $TOKEN" is no secret.
            curl=self.verification.redactor.text(said["curl"]),
            started_at=said["started_at"],
            duration_ms=said["duration_ms"],
        )

    def _shown(self, text: str) -> str:
        clean = self.verification.redactor.prose(text)
        return clean if len(clean) <= _LONGEST_MESSAGE else f"{clean[:_LONGEST_MESSAGE]}…"

    def blocked(self, by: str) -> None:
        """Reports what has no outcome yet: a failure of each would only bury what is known."""
        for id_, promise in self.promises.items():
            if id_ not in self.outcomes:
                self.verification.on_result(
                    Result(
                        id=id_,
                        outcome=Outcome.SKIPPED,
                        promise=promise,
                        message=f"not run: {by} has failed",
                        blocked_by=by,
                    )
                )

    def troubles(self, code: int | None) -> Iterable[str]:
        """What keeps its end from being a regular one."""
        if code is not None and code < 0:
            yield f"pytest was ended by {signal.Signals(-code).name}"
        elif code not in (0, 1) or self.finished != code:
            yield f"pytest did not come to its end: it ended with {code}"
        elif code == 1 and not _WRONG.intersection(self.outcomes.values()):
            yield "pytest ended with 1, and no test of it has failed"

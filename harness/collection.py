"""The tests of one suite, as pytest collected them: a phase that runs them."""

import json
import signal
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.environment import Environment
from harness.errors import UsageError
from harness.model import Declared, Excluded, Outcome, Result
from harness.plan import Plan, shortfalls
from harness.redaction import Redactor
from harness.session import LONGEST_OUTPUT, Session

if TYPE_CHECKING:
    from harness.runner import Means
    from harness.verification import Verification

_LONGEST_MESSAGE = 4000
# Half a secret would not be found at the cut.
_MARGIN = 64 * 1024


@dataclass(frozen=True, slots=True)
class Collection:
    """The tests of a part, as they were collected; a phase that runs them."""

    name: str
    words: tuple[str, ...]
    declared: tuple[Declared, ...]
    excluded: tuple[Excluded, ...] = ()

    async def run(self, run: "Verification", means: "Means") -> None:
        """Reports each outcome to `run` as soon as it is certain; what pytest prints is kept.

        A session that does not come to its regular end is a trouble, and whatever it did not
        finish stays unfinished.
        """
        if blocker := run.blocker:
            self._blocked(run, blocker)
            return
        following = _Following(self, run, means.secrets)
        left_out = (f"--leave-out={excluded.id}" for excluded in self.excluded)
        words = (*self.words, f"--run={run.directory.path}", *left_out)
        session = Session(words, following.on_line)
        file = run.directory.path / f"{self.name}.txt"
        try:
            await session.run()
        finally:
            _keep(bytes(session.output), file, means.secrets, run)
        for trouble in following.troubles(session.code):
            run.trouble(f"suite {self.name}: {trouble}; see {file.name}")

    def _blocked(self, run: "Verification", by: str) -> None:
        """What is wrong is known already; a failure of each test would only bury it."""
        for test in self.declared:
            run.on_result(
                Result(
                    id=test.id,
                    outcome=Outcome.SKIPPED,
                    promise=test.promise,
                    message=f"not run: {by} has failed",
                    blocked_by=by,
                )
            )


@dataclass(slots=True)
class _Following:
    """What a session has told so far."""

    collection: Collection
    verification: "Verification"
    redactor: Redactor
    outcomes: list[Outcome] = field(default_factory=list)
    finished: int | None = None

    def on_line(self, line: bytes) -> None:
        try:
            self._take(json.loads(line))
        except (ValueError, LookupError, TypeError):
            self.verification.trouble(f"suite {self.collection.name}: a line is no result")

    def _take(self, said: Mapping[str, Any]) -> None:
        if said["kind"] == "finished":
            self.finished = said["code"]
        elif said["kind"] == "trouble":
            self.verification.trouble(self.redactor.prose(said["text"]))
        elif said["kind"] == "result":
            result = self._result(said)
            self.outcomes.append(result.outcome)
            self.verification.on_result(result)

    def _result(self, said: Mapping[str, Any]) -> Result:
        id_ = self.redactor.text(said["id"])
        promises = {declared.id: declared.promise for declared in self.collection.declared}
        return Result(
            id=id_,
            outcome=Outcome(said["outcome"]),
            promise=promises.get(id_, ""),
            message=self._shown(said["message"]),
            expected=self._shown(said["expected"]),
            came=self._shown(said["came"]),
            started_at=said["started_at"],
            duration_ms=said["duration_ms"],
        )

    def _shown(self, text: str) -> str:
        clean = self.redactor.prose(text)
        return clean if len(clean) <= _LONGEST_MESSAGE else f"{clean[:_LONGEST_MESSAGE]}…"

    def troubles(self, code: int | None) -> Iterable[str]:
        """What keeps its end from being a regular one."""
        wrong = {Outcome.FAIL, Outcome.ERROR, Outcome.NO_DATA, Outcome.FLAKY}
        if code is not None and code < 0:
            yield f"pytest was ended by {signal.Signals(-code).name}"
        elif code not in (0, 1) or self.finished != code:
            yield f"pytest did not come to its end: it ended with {code}"
        elif code == 1 and not wrong.intersection(self.outcomes):
            yield "pytest ended with 1, and no test of it has failed"


def joined(plan: Plan, environment: Environment, collections: Iterable[Collection]) -> Plan:
    """A plan with the tests of parts, which are required as its checks are.

    Raises:
        UsageError: Two have the same id.
    """
    declared, excluded = list(plan.declared), list(plan.excluded)
    for collection in collections:
        declared += collection.declared
        excluded += collection.excluded
    ids = [item.id for item in declared] + [item.id for item in excluded]
    for id_, count in Counter(ids).items():
        if count > 1:
            raise UsageError(f"two checks have the id {id_}")
    return replace(
        plan,
        declared=tuple(declared),
        excluded=tuple(excluded),
        shortfalls=tuple(shortfalls(environment, declared)),
    )


def _keep(output: bytes, file: Path, redactor: Redactor, run: "Verification") -> None:
    text = redactor.prose(output.decode("utf-8", "replace"))
    try:
        file.write_text(text[_MARGIN:] if len(output) >= LONGEST_OUTPUT else text)
    except OSError as error:
        run.trouble(f"cannot write {file}: {error.strerror}")

"""The gate: readiness, verification, verdict, evidence, ledger, action."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace

from harness.deployment import Database, State, Vector
from harness.errors import HarnessError, LedgerError, RecordsError
from harness.ledger import Entry, Event, History, Ledger
from harness.model import Action, Consequence, RunRecord, Verdict
from harness.platforms import Platform
from harness.records import now
from harness.rollback import LONGEST_WHY, Rollback, Verify, as_target, left_unfinished
from harness.rules import RULES, RULES_TO_RESUME, Case, objections
from harness.runner import Means
from harness.system import System
from harness.verification import Verification

_REASONS_NOTED = 3


@dataclass(frozen=True, slots=True)
class Step:
    """A phase of the gate's own."""

    act: Callable[[], Awaitable[None]]

    async def run(self, run: Verification, means: Means) -> None:
        await self.act()


@dataclass(kw_only=True)
class Gate:
    """One release at the gate.

    Args:
        verification: Of the release, its first phase being readiness; the gate adds phases of its
            own.
        platform: None where the environment has none: then nothing can be rolled back.
        roll_back: Whether a NO_GO is followed by a rollback, where the rules allow it.
        verify: Runs the checks against a release that was brought back; what it objects to.
        progress: Gets a line for each step.
    """

    verification: Verification
    release: str
    platform: Platform | None
    ledger: Ledger
    roll_back: bool
    verify: Verify
    progress: Callable[[str], None]
    _history: History | None = None
    _judged: State | None = None
    _database: Database | None = None
    _begun_at: str = field(default_factory=now)
    _leaves_for: str | None = None

    async def run(self) -> RunRecord:
        """The run with its verdict and what followed; both are on record, whatever happens."""
        run = self.verification
        readiness, *others = run.phases
        look = Step(self._look)
        run.phases = (Step(self._settle), look, readiness, look, *others, Step(self._look_again))
        run.begin()
        unfinished: Entry | None = None
        with run.troubles_noted():
            self._history = await asyncio.to_thread(lambda: History(self.ledger.entries()))
            unfinished = await self._unfinished(self._history)
        if unfinished is not None:
            begun = f"{self.release} got NO_GO before, and a rollback to {unfinished.release} began"
            run.trouble(begun, Verdict.NO_GO)
        elif self._history is not None and not run.interrupted:
            await run.decide()
        following = asyncio.create_task(self._follow(run.concluded(), unfinished))
        try:
            return await asyncio.shield(following)
        except asyncio.CancelledError:
            # Never to be left in the middle of an operation: its end is awaited, if need be long.
            run.interrupted = True
            self.progress("interrupted: what was begun is being ended")
            return await following

    async def _unfinished(self, history: History) -> Entry | None:
        """The target of a rollback that a gate began for this release, and did not live to end."""
        if not self.roll_back or self.platform is None:
            return None
        return await left_unfinished(history, self.release, self.platform)

    async def _settle(self) -> None:
        """Until no operation is under way."""
        if self.platform is not None:
            await self.platform.wait()

    async def _look(self) -> None:
        """What is judged: what runs before readiness, and after it if it came to an end."""
        if self.platform is not None:
            self._judged = await self.platform.identify()

    async def _look_again(self) -> None:
        """What runs is still what was judged, and of one piece."""
        run = self.verification
        if self.platform is not None and self._judged is not None:
            state = await self.platform.identify()
            wanted = self._judged.vector
            if wanted is None:
                run.trouble("its platform does not name one artifact for each service")
            for difference in state.differences(wanted) if wanted else ():
                run.trouble(f"what runs is not what was judged: {difference}")
        self._database = await System(run.environment, run.client).database()

    async def _follow(self, record: RunRecord, unfinished: Entry | None) -> RunRecord:
        """What the verdict leads to."""
        started_at, started = now(), time.perf_counter()
        try:
            record, consequence = await self._consequence(record, unfinished)
        except asyncio.CancelledError:
            # Interrupted again. What the platform has begun goes on, and the ledger knows of it.
            consequence = self._said(
                Action.ROLLBACK_FAILED if self._leaves_for else Action.BLOCKED,
                "interrupted again: its end was not awaited; the same gate, given again, does it",
                target=self._leaves_for,
            )
        except Exception as error:  # noqa: BLE001  a defect of ours must not pass as no rollback
            consequence = self._said(
                Action.ROLLBACK_FAILED if self._leaves_for else Action.HELD,
                f"a defect of keyarc-verify: {type(error).__name__}: {error}",
                target=self._leaves_for,
            )
        consequence = replace(
            consequence,
            why=tuple(map(self.verification.redactor.prose, consequence.why)),
            verdict_sha256=record.sha256,
            started_at=started_at,
            finished_at=now(),
            duration_ms=(time.perf_counter() - started) * 1000,
        )
        try:
            self.verification.directory.follow(consequence)
        except RecordsError as error:
            consequence = replace(consequence, why=(*consequence.why, str(error)))
        await self.verification.finish()
        return replace(record, consequence=consequence)

    async def _consequence(
        self, record: RunRecord, unfinished: Entry | None
    ) -> tuple[RunRecord, Consequence]:
        verdict = record.judgement.verdict
        if verdict is Verdict.HOLD:
            return record, self._said(Action.BLOCKED, "HOLD changes nothing")
        if unfinished is None:
            try:
                await asyncio.to_thread(self._note, record)
            except LedgerError as error:
                # A GO that nobody finds again is none.
                self.verification.trouble(str(error))
                action = Action.HELD if verdict is Verdict.NO_GO else Action.BLOCKED
                record = self.verification.concluded()
                return record, self._said(action, "the ledger cannot be written")
        if verdict is Verdict.GO:
            return record, self._said(Action.KEPT)
        if not self.roll_back:
            return record, self._said(Action.BLOCKED, "no rollback was asked for")
        if self.verification.interrupted:
            return record, self._said(Action.BLOCKED, "it was interrupted")
        try:
            return record, await self._go_back(unfinished)
        except HarnessError as error:
            return record, self._said(Action.HELD, str(error))

    async def _go_back(self, unfinished: Entry | None) -> Consequence:
        if self.platform is None:
            return self._said(Action.HELD, "the environment declares no platform")
        running = await self.platform.identify()
        history = await asyncio.to_thread(lambda: History(self.ledger.entries()))
        target = unfinished or as_target(history.target(self.release, running.whole))
        case = Case(
            release=self.release,
            judged=self._judged,
            running=running,
            history=history,
            target=target,
            platform=self.platform,
            system=System(self.verification.environment, self.verification.client),
            begun_at=self._begun_at,
        )
        found = await objections(case, RULES_TO_RESUME if unfinished else RULES)
        if found or target is None:
            return self._said(Action.HELD, *found, target=target.release if target else None)
        rollback = Rollback(
            environment=self.verification.environment.name,
            leaves=self.release,
            target=target,
            platform=self.platform,
            ledger=self.ledger,
            verify=self.verify,
            redact=self.verification.redactor.prose,
            progress=self.progress,
            run_id=self.verification.run_id,
            resumed=unfinished is not None,
        )
        self._leaves_for = target.release
        action, why = await rollback.run()
        return self._said(action, *why, target=target.release)

    def _note(self, record: RunRecord) -> None:
        judgement = record.judgement
        reasons = [r for r in judgement.reasons if r.verdict is judgement.verdict]
        told = [f"{r.check}: {r.text}" if r.check else r.text for r in reasons[:_REASONS_NOTED]]
        vector: Vector = (self._judged.vector if self._judged else None) or {}
        entry = Entry(
            event=Event.GO if judgement.verdict is Verdict.GO else Event.NO_GO,
            environment=judgement.environment,
            release=self.release,
            at=now(),
            run_id=judgement.run_id,
            vector=vector,
            database=self._database,
            evidence=record.sha256,
            why="; ".join(told)[:LONGEST_WHY],
        )
        self.ledger.append(entry)

    def _said(self, action: Action, *why: str, target: str | None = None) -> Consequence:
        return Consequence(action=action, release=self.release, why=why, target=target)


def verified(record: RunRecord) -> Sequence[str]:
    """What keeps a run from GO, in words."""
    if record.judgement.verdict is Verdict.GO:
        return ()
    reasons = [f"{r.check}: {r.text}" if r.check else r.text for r in record.judgement.reasons]
    return reasons or ["it did not get GO"]

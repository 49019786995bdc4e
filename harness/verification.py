"""From a plan to a verdict with evidence: declares, runs, judges, and always concludes."""

import asyncio
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property

from harness import __version__
from harness.confirmation import Budget
from harness.environment import Environment
from harness.errors import HarnessError, RecordsError, UsageError
from harness.exchange import EvidenceClient
from harness.journal import Journal, left_in, place_of
from harness.model import Judgement, Manifest, Outcome, Reason, Result, RunRecord, Verdict
from harness.network import Network
from harness.pace import Pace
from harness.phase import Checks, Phase
from harness.plan import Plan
from harness.records import RunDirectory, now
from harness.redaction import Redactor
from harness.runner import Means
from harness.verdict import judge, worst_of_each


async def _no_obstacles() -> list[str]:
    return []


@dataclass(kw_only=True)
class Verification:
    """One run, from its manifest to its verdict.

    Args:
        secrets: Values that must not be written, wherever they turn up.
        timeout_s: For everything together; what is not over by then makes a HOLD.
        release: The one that is expected, where it is known.
        listener: Told each result as it becomes certain.
        command: Runs the same again; the report shows it.
        obstacles: Asked first. What it names keeps the checks from running, and the run from GO.

        phases: What is done, in order; the checks of the plan alone unless given.
        early: The first confirmed failure of what is required decides: nothing else is awaited.

    Attributes:
        interrupted: It was cut short from outside.
        left: What was made in the system and is not removed.
    """

    plan: Plan
    environment: Environment
    directory: RunDirectory
    run_id: str
    timeout_s: float = 120.0
    release: str | None = None
    listener: Callable[[Result], None] = lambda result: None
    command: str = ""
    obstacles: Callable[[], Awaitable[Iterable[str]]] = _no_obstacles
    secrets: Iterable[str] = ()
    phases: Sequence[Phase] = (Checks(),)
    early: bool = False
    interrupted: bool = False
    left: list[str] = field(default_factory=list)
    _results: list[Result] = field(default_factory=list)
    _troubles: list[Reason] = field(default_factory=list)
    _decided: asyncio.Event = field(default_factory=asyncio.Event)
    _behind: list[asyncio.Task[None]] = field(default_factory=list)
    _is_concluded: bool = False
    _means: Means = field(init=False)
    _manifest: Manifest = field(init=False)
    _begun: float = 0.0

    async def run(self) -> RunRecord:
        """Runs the plan and concludes, also when it is cancelled.

        Raises:
            UsageError: Before any traffic: the evidence cannot be kept, or a certificate file
                cannot be used.
        """
        self.begin()
        await self.decide()
        await self.finish()
        return self.concluded()

    def begin(self) -> None:
        """Writes down what is to run. Raises UsageError, as `run` does."""
        self._means = self.means()
        self._means.client.prepare()
        self._begun = time.perf_counter()
        self._manifest = self.declare()

    @property
    def client(self) -> EvidenceClient:
        """What the run asks with; there from `begin` to `finish`."""
        return self._means.client

    async def decide(self) -> None:
        """Runs one phase after the other, until the verdict is known."""
        with self.troubles_noted():
            async with asyncio.timeout(self.timeout_s) as limit:
                if not await self._obstructed():
                    for phase in self.phases:
                        if not self._decided.is_set():
                            await self._run_phase(phase)
        if limit.expired():
            self.trouble(f"not over after {self.timeout_s:g} s")

    async def finish(self) -> None:
        """Waits until all that was begun is cleaned up."""
        with self.troubles_noted():
            await asyncio.gather(*self._behind, return_exceptions=True)
            await self._means.client.close()
        self._means.journal.close()
        with self.troubles_noted():
            self.left = left_in(self.directory.path)

    def concluded(self) -> RunRecord:
        """The run with its verdict; what is reported from here on is no part of it."""
        return self.conclude(self._manifest, (time.perf_counter() - self._begun) * 1000)

    async def _run_phase(self, phase: Phase) -> None:
        if not self.early:
            await phase.run(self, self._means)
            return
        work = asyncio.create_task(phase.run(self, self._means))
        decided = asyncio.create_task(self._decided.wait())
        try:
            await asyncio.wait((work, decided), return_when=asyncio.FIRST_COMPLETED)
        except asyncio.CancelledError:
            work.cancel()
            await asyncio.wait((work,))
            raise
        finally:
            decided.cancel()
        if not work.done():
            # Its checks end now; what they and their resources have to remove can wait.
            work.cancel()
            self._behind.append(work)
            return
        await work

    def declare(self) -> Manifest:
        """Writes down what is to run."""
        manifest = Manifest(
            run_id=self.run_id,
            tool_version=__version__,
            environment=self.environment.name,
            started_at=now(),
            declared=self.plan.declared,
            excluded=self.plan.excluded,
            release=self.release,
            selection=self.plan.selection,
            left_out=self.plan.left_out,
            command=self.command,
        )
        self.directory.declare(manifest)
        return manifest

    @cached_property
    def redactor(self) -> Redactor:
        """Knows what must not be written of this run."""
        return Redactor(self.secrets)

    def means(self) -> Means:
        return Means(
            environment=self.environment,
            client=EvidenceClient(Network.of(self.environment), Pace.of(self.environment)),
            journal=Journal(self.directory.path, self.run_id, place_of(self.environment)),
            secrets=self.redactor,
            budget=Budget(ends_at=time.monotonic() + self.timeout_s),
            release=self.release,
        )

    def on_result(self, result: Result) -> None:
        """Keeps a result; evidence that cannot be written is a trouble of the run."""
        if self._is_concluded:
            return
        self._results.append(result)
        try:
            self.directory.append(result)
        except RecordsError as error:
            self.trouble(str(error))
        self.listener(result)
        if result.outcome is Outcome.FAIL and result.id in self._required:
            self._decided.set()

    @property
    def blocker(self) -> str | None:
        """The first required check that has failed, if one has."""
        failed = (r.id for r in self._results if r.outcome is Outcome.FAIL)
        return next((id_ for id_ in failed if id_ in self._required), None)

    @cached_property
    def _required(self) -> frozenset[str]:
        return frozenset(item.id for item in self.plan.declared if item.required)

    def trouble(self, text: str, verdict: Verdict = Verdict.HOLD) -> None:
        """Notes what befell the run itself; no less than HOLD."""
        reason = Reason(verdict=verdict, text=self.redactor.prose(text))
        if reason not in self._troubles:
            self._troubles.append(reason)

    async def _obstructed(self) -> bool:
        found = list(await self.obstacles())
        for text in found:
            self.trouble(text)
        return bool(found)

    @contextmanager
    def troubles_noted(self) -> Iterator[None]:
        """Whatever ends the run early becomes a reason, so that a verdict is always written."""
        try:
            yield
        except UsageError:
            raise
        except TimeoutError:
            pass
        except (asyncio.CancelledError, KeyboardInterrupt):
            self.interrupted = True
            self.trouble("interrupted")
        except HarnessError as error:
            self.trouble(str(error))
        except Exception as error:  # noqa: BLE001  a defect of ours is a HOLD with a verdict too
            self.trouble(f"a defect of keyarc-verify: {type(error).__name__}: {error}")

    def conclude(self, manifest: Manifest, duration_ms: float) -> RunRecord:
        """Judges, and writes the verdict; where that fails, the verdict says so itself."""
        if self.plan.left_out:
            count = sum(item.kind == "check" for item in self.plan.declared)
            all_ = count + self.plan.left_out
            self.trouble(f"a partial run: {count} of {all_} checks ({manifest.selection})")
        for shortfall in self.plan.shortfalls:
            self.trouble(shortfall)
        if self.release is not None and not self.plan.looks_at_releases:
            self.trouble(f"release {self.release} was expected, and no required check looks at it")
        self._is_concluded = True
        judgement = self._judgement(manifest, duration_ms)
        sha256 = ""
        try:
            judgement, sha256 = self.directory.conclude(judgement)
        except RecordsError as error:
            self.trouble(str(error))
            judgement = self._judgement(manifest, duration_ms)
        return RunRecord(
            manifest=manifest,
            results=worst_of_each(self._results),
            judgement=judgement,
            directory=self.directory.path,
            sha256=sha256,
        )

    def _judgement(self, manifest: Manifest, duration_ms: float) -> Judgement:
        early = self.early and self._decided.is_set()
        missing = "not awaited: the verdict was known" if early else "did not finish"
        verdict, reasons = judge(self.plan.declared, self._results, self._troubles, missing=missing)
        results = worst_of_each(self._results)
        checks = [result for result in results if result.kind == "check"]
        return Judgement(
            run_id=manifest.run_id,
            tool_version=manifest.tool_version,
            environment=manifest.environment,
            release=manifest.release,
            verdict=verdict,
            reasons=reasons,
            counts=dict(Counter(str(result.outcome) for result in checks)),
            started_at=manifest.started_at,
            finished_at=now(),
            duration_ms=duration_ms,
        )

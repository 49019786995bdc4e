"""One trial in one lane: break, look, let users ask, mend, and see whether all is as it was."""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from harness.errors import ContractViolation, HarnessError, Unreachable
from harness.matrix import judge
from harness.matrix.expectation import Expected, expected, users
from harness.matrix.judge import Complaint, Window
from harness.matrix.lane import Lane
from harness.matrix.mending import Breaches, heal
from harness.matrix.observation import Observation
from harness.matrix.trial import Broken, Trial
from harness.matrix.workload import Answer, Use
from harness.model import Outcome
from harness.trail import step

INJECT_LIMIT_S = 20.0
# How long nothing may be reported, where nothing should be.
WATCH_S = 1.0
# So often in a row everything has to be healthy, to be called so.
PASSES = 2
SLACK_S = 1.0


class StillBroken(HarnessError):  # noqa: N818  a state of the system
    """A heal failed: what is broken there is no place for another trial."""


@dataclass
class Found:
    """What came of a trial.

    Attributes:
        complaints: What was not as it should be; none makes it a pass.
        asked: By use, what became of it.
        links: By the way that was broken, what went through its link while it was.
    """

    expected: dict[str, Expected]
    complaints: list[Complaint] = field(default_factory=list)
    seen: list[Observation] = field(default_factory=list)
    asked: dict[str, str] = field(default_factory=dict)
    links: dict[str, dict[str, Any]] = field(default_factory=dict)
    writes: tuple[int, int] | None = None
    injected_s: float | None = None
    heal_s: float | None = None
    detected_s: float | None = None
    recovered_s: float | None = None


@dataclass
class Experiment:
    """Conducts one trial.

    Args:
        breaches: Told what is broken before it is.
    """

    lane: Lane
    trial: Trial
    breaches: Breaches

    async def conduct(self) -> Found:
        """Does all of it.

        Raises:
            StillBroken: What was broken could not be mended.
            HarnessError: It could not be broken, or looked at.
        """
        found = Found(expected(self.lane.environment, self.trial.broken))
        observer = self.lane.observer
        observer.fresh()
        with observer.eager():
            await self._while_broken(found)
            self._judge(found)
            with step("recover"):
                await self._recover(found)
        with step("smoke"):
            await self._smoke(found)
        with step("writes"):
            await self._writes(found)
        found.seen = list(observer.seen)
        return found

    async def _while_broken(self, found: Found) -> None:
        observer, begun = self.lane.observer, list[Broken]()
        try:
            await self._inject(begun)
            found.injected_s = observer.now_s
            with step("detect"):
                await self._detect(found)
                await self._look_beside(found)
            with step("users"):
                await self._use(found)
            found.links = await self._counted()
        finally:
            found.heal_s = observer.now_s
            with step("heal"):
                await self._heal(begun)
            found.seen = list(observer.seen)

    async def _inject(self, begun: list[Broken]) -> None:
        with step("inject"):
            for each in self.trial.broken:
                breach = self.breaches.breach(each, self.lane.site.state.path)
                self.breaches.breaks(breach)
                begun.append(each)
                async with asyncio.timeout(INJECT_LIMIT_S):
                    await each.fault.inject(self.lane.site, each.place)

    async def _detect(self, found: Found) -> None:
        """Waits until all that should tell of it do, or the time for it is over; then a while
        longer, in which others must stay as they are."""
        observer, limit_s = self.lane.observer, self._detect_s
        wanted = {n: e for n, e in found.expected.items() if e.health in ("fail", "silent")}
        window = partial(self._window, found)
        if wanted:
            await observer.until(
                lambda seen: None not in judge.detected_s(seen, wanted, window()).values(),
                limit_s + SLACK_S,
            )
            found.detected_s = self._told_after_s(found, wanted)
        begun_s = window().injected_s
        others = [n for n, e in found.expected.items() if e.health == "pass"]
        await observer.until(lambda seen: judge.healthy(seen, others, begun_s, PASSES), limit_s)
        await asyncio.sleep(max(0.0, WATCH_S - (observer.now_s - begun_s)))

    async def _look_beside(self, found: Found) -> None:
        """What else the faults themselves say should be seen."""
        for each in self.trial.broken:
            why = await each.fault.amiss(self.lane.site, each.place)
            if why is not None:
                found.complaints.append(Complaint(f"while {each} is in", why, "none of it"))

    async def _counted(self) -> dict[str, dict[str, Any]]:
        ways = {
            str(each.place)
            for each in self.trial.broken
            if each.place.dependency and "links" in each.fault.needs
        }
        return {way: await self.lane.site.links.statistics(way) for way in sorted(ways)}

    def _told_after_s(self, found: Found, wanted: Mapping[str, Expected]) -> float | None:
        """How long it took until all who can tell of it did; where nobody can, until it fell
        silent itself."""
        times = judge.detected_s(self.lane.observer.seen, wanted, self._window(found))
        tell = [times[n] for n, e in wanted.items() if e.health == "fail"] or list(times.values())
        return None if None in tell else max(t for t in tell if t is not None)

    async def _use(self, found: Found) -> None:
        uses = self.lane.workload.uses if self.lane.workload else ()
        wanted = [users(self.lane.environment, self.trial.broken, use.through) for use in uses]
        silent = {name for name, one in found.expected.items() if one.health == "silent"}
        answers = await asyncio.gather(
            *(_asked(u, u.silent_limit_s if u.through & silent else u.limit_s) for u in uses)
        )
        for use, want, answer in zip(uses, wanted, answers, strict=True):
            found.asked[use.name] = answer if isinstance(answer, str) else f"wrong: {answer.came}"
            if isinstance(answer, Complaint):
                found.complaints.append(answer)
            elif want == "fine" and answer != "served":
                found.complaints.append(Complaint(use.name, "it succeeds", answer))
            elif want == "errors" and answer != "refused":
                came = f"{answer}, while it was broken"
                found.complaints.append(Complaint(use.name, "an error of the contract", came))
        some = [a for a, want in zip(answers, wanted, strict=True) if want == "some"]
        if some and "refused" not in some:
            found.complaints.append(Complaint("users", "at least one is refused", "all are served"))

    async def _heal(self, begun: Sequence[Broken]) -> None:
        failed = []
        for each in reversed(begun):
            try:
                await heal(self.lane.site, each)
            except HarnessError as error:
                failed.append(str(error))
            else:
                self.breaches.mended(self.breaches.breach(each, self.lane.site.state.path))
        if failed:
            raise StillBroken("; ".join(failed))

    def _judge(self, found: Found) -> None:
        found.complaints += judge.complaints(found.seen, found.expected, self._window(found))
        found.complaints += judge.leaks(found.seen, self.lane.site.innards)

    async def _recover(self, found: Found) -> None:
        observer, names = self.lane.observer, list(self.lane.environment.services)
        begun_s, limit_s = observer.now_s, self.lane.environment.faults.recover_s
        done = partial(judge.healthy, names=names, since_s=begun_s, times=PASSES)
        if await observer.until(lambda seen: done(seen), limit_s):
            found.recovered_s = observer.now_s - begun_s
            return
        last = {seen.service: seen for seen in observer.seen if seen.what == "health"}
        ill = [f"{name}: {seen.told()}" for name, seen in last.items() if not seen.passes]
        within = f"all healthy within {limit_s:g} s of the heal"
        found.complaints.append(Complaint("recovery", within, "; ".join(ill) or "one by one only"))

    async def _smoke(self, found: Found) -> None:
        for result in await self.lane.smoke():
            if result.outcome not in (Outcome.PASS, Outcome.SKIPPED):
                came = f"{result.outcome}: {result.message} {result.came}".strip()
                found.complaints.append(Complaint(f"{result.id}, after the heal", "pass", came))

    async def _writes(self, found: Found) -> None:
        if self.lane.workload is None:
            return
        for lost in await self.lane.workload.lost():
            found.complaints.append(
                Complaint("writes, after the heal", "every acknowledged one is there", lost)
            )
        found.writes = self.lane.workload.writes()

    @property
    def _detect_s(self) -> float:
        return self.lane.environment.faults.detect_s

    def _window(self, found: Found) -> Window:
        assert found.injected_s is not None, "it is looked at once it is broken"
        heal_s = found.heal_s if found.heal_s is not None else self.lane.observer.now_s
        return Window(injected_s=found.injected_s, heal_s=heal_s, detect_s=self._detect_s)


async def _asked(use: Use, limit_s: float) -> Answer | Complaint:
    """What became of one use; anything but an answer of the contract is a complaint."""
    within = f"an answer within {limit_s:g} s"
    try:
        async with asyncio.timeout(limit_s + SLACK_S):
            return await use.ask(limit_s)
    except TimeoutError:
        return Complaint(use.name, within, "none")
    except Unreachable as error:
        return Complaint(use.name, within, str(error))
    except ContractViolation as error:
        told = error.expected or "an answer of the contract"
        return Complaint(f"{use.name}: {error.message}", told, error.came)
    except AssertionError as error:
        return Complaint(use.name, "an answer of the contract", str(error))


def told(complaints: Sequence[Complaint]) -> Iterator[str]:
    """Each in a line."""
    for each in complaints:
        yield f"{each.message}: expected {each.expected}, came {each.came}"

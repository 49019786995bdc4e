"""The trials of a run: spread over lanes, each result told as soon as it is certain."""

import asyncio
from collections import deque
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from harness.ending import leaves
from harness.errors import HarnessError
from harness.matrix import evidence
from harness.matrix.experiment import Experiment, Found, StillBroken
from harness.matrix.lane import Lane
from harness.matrix.mending import Breaches
from harness.matrix.trial import GROUP, Trial
from harness.model import Declared, Excluded, Outcome, Result
from harness.records import now
from harness.trail import Trail

if TYPE_CHECKING:
    from harness.runner import Means
    from harness.verification import Verification


class OpenLane(Protocol):
    """Opens a lane, the first, the second and so on; each is a system of its own."""

    def __call__(self, number: int) -> AbstractAsyncContextManager[Lane]: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Matrix:
    """A phase that runs trials.

    Attributes:
        open_lane: Makes the systems in which they run.
        lanes: How many trials run at the same time.
        cure: How what stays broken is mended by hand.
    """

    trials: tuple[Trial, ...]
    declared: tuple[Declared, ...]
    excluded: tuple[Excluded, ...]
    left_out: tuple[str, ...]
    open_lane: OpenLane
    lanes: int
    env: str
    cure: str
    name: str = GROUP

    async def run(self, run: "Verification", means: "Means") -> None:
        """Reports each outcome to `run`. Where the system is not healthy to begin with, no trial
        has anything to say."""
        if run.blocker:
            for trial in self.trials:
                run.on_result(_blocked(trial, run.blocker))
            return
        breaches = Breaches(run.run_id, self.env)
        waiting = deque(self.trials)
        try:
            async with asyncio.TaskGroup() as group:
                for number in range(min(self.lanes, len(waiting))):
                    group.create_task(self._lane(number, waiting, run, breaches))
        finally:
            breaches.close()

    async def _lane(
        self, number: int, waiting: deque[Trial], run: "Verification", breaches: Breaches
    ) -> None:
        """One trial after the other, each in a system that is well; a new one where it is not."""
        while waiting:
            is_well = True
            try:
                async with self.open_lane(number) as lane:
                    while waiting and is_well:
                        is_well = await self._conducted(lane, waiting.popleft(), run, breaches)
            except Exception as error:  # noqa: BLE001  other lanes go on
                if is_well:
                    run.trouble(f"a system for trials: {_first_of(error)}")
                    return
                # What is given up as it is cannot always be left in order.

    async def _conducted(
        self, lane: Lane, trial: Trial, run: "Verification", breaches: Breaches
    ) -> bool:
        """Whether the lane is good for another one."""
        started_at, trail = now(), Trail()
        found: Found | None = None
        error: Exception | None = None
        with trail.followed():
            try:
                found = await Experiment(lane, trial, breaches).conduct()
            except StillBroken as still:
                error = still
                run.trouble(f"still broken: {still}; {self.cure}")
            except Exception as other:  # noqa: BLE001  whatever it is, this trial has no finding
                error = other
        if found is not None:
            try:
                evidence.keep(run.directory.path, trial, found, lane.secrets)
            except HarnessError as unkept:
                run.trouble(str(unkept))
        result = evidence.result(trial, found, error, trail, started_at)
        run.on_result(lane.secrets.result(result))
        return error is None and result.outcome is Outcome.PASS


def _first_of(error: BaseException) -> BaseException:
    return leaves(error)[0]


def _blocked(trial: Trial, by: str) -> Result:
    return Result(
        id=trial.id,
        outcome=Outcome.SKIPPED,
        service=trial.service,
        promise=trial.promise,
        message=f"not run: {by} fails with nothing broken",
        blocked_by=by,
        started_at=now(),
        cell=evidence.cell(trial),
    )

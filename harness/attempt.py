"""One run through a check: in its time, with cleanup in a time of its own, always on record."""

import asyncio
from collections.abc import Awaitable, Callable, Collection
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from functools import partial

from harness.ending import finding_of
from harness.errors import HarnessError, Unreachable
from harness.model import Attempt, Finding, Outcome
from harness.trail import Trail

Work = Callable[[AsyncExitStack], Awaitable[object]]


@dataclass(frozen=True, slots=True)
class Limits:
    """Seconds that a check may take, that cleaning up may, and how many checks run at a time: as
    many again of those that wait for a resource.

    More at a time would be no faster: requests would wait for this process, and their own time
    limit would take that for the system's silence. Nor are a few dozen checks all begun at once:
    they would only hold up the longest chain of requests, beside which there is time for them.
    """

    work_s: float = 10.0
    cleanup_s: float = 5.0
    at_once: int = 20

    def begun_at_once(self, checks: int) -> int:
        """How many of so many checks that wait for nothing run at a time: a tenth, at least 4."""
        return min(self.at_once, max(4, checks // 10))


@dataclass(frozen=True, slots=True)
class Ended:
    """An attempt that is over; judged later, when all that answered is known."""

    error: BaseException | None
    trail: Trail
    duration_ms: float
    decisive: int | None

    def finding(self, answered: Collection[str]) -> Finding:
        finding = finding_of(self.error, answered)
        if finding.outcome is Outcome.PASS and self.trail.repeated:
            return replace(finding, outcome=Outcome.FLAKY, message="; ".join(self.trail.repeated))
        return finding

    def record(self, answered: Collection[str]) -> Attempt:
        return Attempt(
            finding=self.finding(answered),
            decisive=self.decisive,
            duration_ms=self.duration_ms,
            steps=tuple(self.trail.steps),
            exchanges=tuple(self.trail.exchanges),
        )


async def attempt(work: Work, limits: Limits, *, again: bool = False) -> Ended:
    """Does some work and cleans up after it.

    Args:
        work: Gets a stack on which it can push what is to be cleaned up.
        again: It repeats an attempt that failed.

    Returns:
        How it ended, whatever it raised.

    Raises:
        CancelledError: The run is being cut short; cleanup has been done.
    """
    trail = Trail(again=again)
    cleanup = AsyncExitStack()
    decisive: int | None = None
    with trail.followed():
        try:
            error = await _work(work, cleanup, (trail, limits.work_s))
            if error is not None and trail.exchanges:
                last = len(trail.exchanges) - 1
                decisive = last if trail.decisive is None else trail.decisive
        finally:
            untidy = await _clean(cleanup, (trail, limits.cleanup_s))
    if error is not None and untidy is not None:
        error = BaseExceptionGroup("the check and its cleanup", [error, untidy])
    return Ended(error or untidy, trail, trail.elapsed_ms(), decisive)


async def _work(
    work: Work, cleanup: AsyncExitStack, limited: tuple[Trail, float]
) -> BaseException | None:
    trail, limit_s = limited
    limit = asyncio.timeout(limit_s)
    try:
        async with limit:
            trail.extend = partial(_extend, limit)
            try:
                await work(cleanup)
            finally:
                trail.extend = _nothing
        if limit.expired():
            # It went on after its time was over, as if it had not been told.
            return _out_of_time(trail, limit_s, None)
    except TimeoutError as error:
        return _out_of_time(trail, limit_s, error.__context__) if limit.expired() else error
    except KeyboardInterrupt:
        raise
    except asyncio.CancelledError as error:
        if _is_being_cancelled():
            raise
        return error
    except BaseException as error:  # noqa: BLE001  whatever a check does is its outcome
        return error
    return None


async def _clean(cleanup: AsyncExitStack, limited: tuple[Trail, float]) -> BaseException | None:
    trail, limit_s = limited
    limit = asyncio.timeout(limit_s)
    try:
        async with limit:
            trail.extend = partial(_extend, limit)
            try:
                await cleanup.aclose()
            finally:
                trail.extend = _nothing
    except TimeoutError as error:
        return HarnessError(f"cleanup took more than {limit_s:g} s") if limit.expired() else error
    except (KeyboardInterrupt, asyncio.CancelledError):
        raise
    except BaseException as error:  # noqa: BLE001  whatever a cleanup does is an outcome too
        return error
    return None


def _extend(limit: asyncio.Timeout, seconds: float) -> None:
    if not limit.expired():
        limit.reschedule((limit.when() or 0) + seconds)


def _nothing(seconds: float) -> None:
    """Whoever waits still is waited for by nobody here."""


def _out_of_time(trail: Trail, limit_s: float, covered: BaseException | None) -> BaseException:
    """Time is over: did the system keep us waiting, or did the check do nothing with it?"""
    over: HarnessError
    if trail.unanswered:
        origin = trail.unanswered[-1]
        over = Unreachable(f"no answer from {origin} when {limit_s:g} s were over", origin=origin)
    else:
        over = HarnessError(f"not over after {limit_s:g} s, and not waiting for an answer")
    over.__context__ = covered
    return over


def _is_being_cancelled() -> bool:
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0

"""Readiness: each service is asked until all that was deployed of it is there.

Only here are silence, 502, 503 and another release tolerated, for as long as there is time: a
deploy may still be going on. What else is wrong is wrong at once, when it comes back.
"""

import asyncio
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from harness.attempt import Limits
from harness.check import Check
from harness.checks.release import Census, OtherRelease
from harness.ending import leaves
from harness.environment import Environment
from harness.errors import ContractViolation, NoData, ServerFailure, Unreachable
from harness.model import READINESS, Declared
from harness.plan import Plan, plan_of
from harness.runner import Means, Runner
from harness.target import Target
from harness.trail import current
from harness.verification import Verification

IN_A_ROW = 3
_FIRST_PAUSE_S = 0.02
_LONGEST_PAUSE_S = 0.25
_ROUND_LIMIT_S = 5.0
# Of all the asking, so many of the last exchanges are evidence enough.
_KEPT = 12
_NOT_YET = (502, 503)


def derive(environment: Environment, limit_s: float) -> Iterator[Check]:
    """One check for each service; all have until the same moment."""
    for name in environment.services:
        given = {"limit_s": limit_s}
        yield Check(id=f"{READINESS}{name}", service=name, function=is_ready, given=given)


async def is_ready(
    target: Target, targets: Mapping[str, Target], release: str | None, limit_s: float
) -> None:
    """Every declared instance runs the release, and is healthy three times in a row."""
    ends_at = time.monotonic() + limit_s
    streak, refusals, pause_s = 0, 0, _FIRST_PAUSE_S
    while streak < IN_A_ROW:
        try:
            await _look(target, targets, release)
        except (ContractViolation, Unreachable, NoData, ExceptionGroup) as error:
            worst = _worst(error)
            refusals = 0 if _may_still_come(worst) else refusals + 1
            if refusals >= IN_A_ROW or time.monotonic() + pause_s >= ends_at:
                raise _confirmed(worst) from None
            streak = 0
            del current().exchanges[:-_KEPT]
            await asyncio.sleep(pause_s)
            pause_s = min(pause_s * 2, _LONGEST_PAUSE_S)
        else:
            streak, refusals, pause_s = streak + 1, 0, _FIRST_PAUSE_S


async def _look(target: Target, targets: Mapping[str, Target], release: str | None) -> None:
    service = target.service
    if service.release.from_ == "none":
        asked = targets[service.health.via or target.name]
        health = asked.service.health
        await asked.get(health.path, expect=health.expect_status, refusable=True)
        return
    census = Census(target, targets, release, once=True)
    census.statuses = (census.asked.service.health.expect_status,)
    if service.instances == 1:
        await census.ask()
    else:
        await census.complete(time.monotonic() + _ROUND_LIMIT_S)


def _worst(error: Exception) -> BaseException:
    """Of what went wrong at once, that which speaks most clearly."""
    found = leaves(error)
    return next((leaf for leaf in found if not _may_still_come(leaf)), found[0])


def _may_still_come(error: BaseException) -> bool:
    """Whether it may be a deploy that is still going on."""
    if isinstance(error, ServerFailure):
        return error.answer is not None and error.answer.status_code in _NOT_YET
    return isinstance(error, Unreachable | NoData | OtherRelease)


def _confirmed(error: BaseException) -> BaseException:
    """It was asked for often enough: the runner need not ask again."""
    if isinstance(error, ServerFailure | Unreachable):
        error.confirmed = True
    return error


@dataclass(frozen=True, slots=True)
class Ready:
    """The first phase of a gate."""

    environment: Environment
    limit_s: float

    @property
    def plan(self) -> Plan:
        return plan_of(self.environment, list(derive(self.environment, self.limit_s)), resources={})

    @property
    def declared(self) -> tuple[Declared, ...]:
        return self.plan.declared

    async def run(self, run: Verification, means: Means) -> None:
        # The check ends by itself; this is for one that waits for an answer just then.
        limits = replace(Limits(), work_s=self.limit_s + _ROUND_LIMIT_S)
        await Runner(self.plan, means, run.on_result, limits=limits).run()

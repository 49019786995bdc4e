"""A service that goes down while a suite's tests run: told by its own health check, and once."""

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING

from harness.model import Outcome, Result
from harness.runner import Runner

if TYPE_CHECKING:
    from harness.runner import Means
    from harness.verification import Verification

# The group of checks that say whether a service does its work.
HEALTH = "health."


class Outage:
    """Has the plan's health checks look again whenever a test has failed.

    So hundreds of tests need not fail, each in its own words, of one and the same silence.
    """

    def __init__(self, run: "Verification", means: "Means") -> None:
        checks = tuple(check for check in run.plan.checks if check.id.startswith(HEALTH))
        self._plan = replace(run.plan, checks=checks, resources={})
        self._means = means
        self._report = run.on_result
        self._suspected = asyncio.Event()

    def suspect(self) -> None:
        """Something has failed."""
        self._suspected.set()

    async def noticed(self) -> str:
        """Waits until a health check fails, reports all that do, and names the first of them."""
        while True:
            await self._suspected.wait()
            if down := await self.looked():
                return down

    async def looked(self) -> str | None:
        """The first health check that fails now, where something is suspected at all."""
        if not self._suspected.is_set():
            return None
        self._suspected.clear()
        found: list[Result] = []
        await self._means.client.look_anew()
        await Runner(self._plan, self._means, found.append).run()
        failed = [result for result in found if result.outcome is Outcome.FAIL]
        for result in failed:
            self._report(result)
        return failed[0].id if failed else None

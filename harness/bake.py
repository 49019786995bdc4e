"""The bake: the same checks again and again, for a while, before a release may stay."""

import asyncio
import time
from dataclasses import dataclass, replace

from harness.model import Declared, Outcome, Result
from harness.runner import Means, Runner
from harness.verification import Verification

ID = "bake"


@dataclass(slots=True)
class Bake:
    """Rounds of all checks of the plan.

    A failure ends it at once, as it ends everything. What is no pass and no failure either, a flake
    say, keeps the run from GO in any case; it goes on nevertheless, to see more.

    Args:
        window_s: More than none. The last round begins at its end.
        every_s: From the beginning of a round to that of the next.
        limit: After more results than this that were no pass, it ends: there is enough to see.
    """

    window_s: float
    every_s: float
    limit: int
    _round: int = 0
    _odd: int = 0

    @property
    def declared(self) -> tuple[Declared, ...]:
        promise = f"Every check passes, again and again, for {self.window_s:g} s."
        return (Declared(id=ID, promise=promise),)

    async def run(self, run: Verification, means: Means) -> None:
        def on_result(result: Result) -> None:
            self._odd += result.outcome is not Outcome.PASS
            run.on_result(replace(result, round=self._round))

        began = time.monotonic()
        while (left_s := self.window_s - (time.monotonic() - began)) > 0 and self._may_go_on():
            await asyncio.sleep(min(left_s, max(0.0, self._next_s(began))))
            self._round += 1
            await means.client.look_anew()
            await Runner(run.plan, means, on_result).run()
        run.on_result(self._outcome((time.monotonic() - began) * 1000))

    def _may_go_on(self) -> bool:
        return self._odd <= self.limit

    def _next_s(self, began: float) -> float:
        """Seconds until the next round; the first one waits too, for the checks have just run."""
        return began + (self._round + 1) * self.every_s - time.monotonic()

    def _outcome(self, duration_ms: float) -> Result:
        rounds = f"{self._round} {'round' if self._round == 1 else 'rounds'}"
        if not self._may_go_on():
            outcome, message = Outcome.NO_DATA, f"{self._odd} results were no pass, in {rounds}"
        else:
            outcome, message = Outcome.PASS, rounds
        return Result(
            id=ID,
            outcome=outcome,
            promise=self.declared[0].promise,
            message=message,
            duration_ms=duration_ms,
        )

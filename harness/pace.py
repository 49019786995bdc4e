"""A rate that a run keeps: `policy.max_rate` of an environment file, in requests a second.

One second's worth may go at once; after that, requests leave at even distances. So none takes part
in more than twice the rate, in whichever second.
"""

import asyncio
import time

from harness.environment import Environment
from harness.trail import current

# How much of the rate may be saved up.
BURST_S = 1.0


class Pace:
    """Gives each request its turn.

    Args:
        rate: Requests a second.
    """

    def __init__(self, rate: float) -> None:
        self._distance_s = 1 / rate
        # The first request needs no saving up.
        self._slack_s = max(0.0, BURST_S - self._distance_s)
        self._next_s = 0.0

    @classmethod
    def of(cls, environment: Environment, share: int = 1) -> "Pace | None":
        """What the environment asks for; None where it asks for nothing.

        Args:
            share: How many processes keep the rate together; each has its part of it.
        """
        rate = environment.policy.max_rate
        return None if rate is None else cls(rate / share)

    def wait_s(self, now_s: float) -> float:
        """How long a request that is ready now has to wait; its turn is taken."""
        self._next_s = max(self._next_s, now_s)
        wait_s = self._next_s - self._slack_s - now_s
        self._next_s += self._distance_s
        return max(0.0, wait_s)

    async def turn(self) -> None:
        """Waits for it; that is at nobody's cost."""
        wait_s = self.wait_s(time.monotonic())
        if wait_s:
            current().extend(wait_s)
            await asyncio.sleep(wait_s)

"""How often one client may try: a moving window, in the memory of this instance."""

import math
import time
from typing import Self

from limits import RateLimitItemPerSecond
from limits.aio.storage import MemoryStorage
from limits.aio.strategies import MovingWindowRateLimiter

from services.problem import Problem
from services.settings import MINUTE_S, Rate


class RateLimit:
    """Counts attempts by who makes them; the storage forgets those older than the window.

    Args:
        attempts: How many the window takes. Each counts, whether it succeeds or not; one that
            was refused here does not.
        window_s: How long an attempt counts.
    """

    def __init__(self, attempts: int, window_s: int = MINUTE_S) -> None:
        self._item = RateLimitItemPerSecond(attempts, window_s)
        self._limiter = MovingWindowRateLimiter(MemoryStorage())

    @classmethod
    def of(cls, rate: Rate) -> Self:
        """As settings say it."""
        return cls(rate.attempts, rate.window_s)

    async def count(self, who: str) -> None:
        """Counts one attempt.

        Raises:
            Problem: 429, with the seconds until the next one would be taken.
        """
        if await self._limiter.hit(self._item, who):
            return
        window = await self._limiter.get_window_stats(self._item, who)
        wait_s = max(1, math.ceil(window.reset_time - time.time()))
        raise Problem(429, "Too many attempts; wait, and try again.", Retry_After=str(wait_s))

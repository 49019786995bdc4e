"""Counts the attempts that it refuses as well, so that who goes on trying is never let in."""

import time
from collections import defaultdict
from unittest.mock import patch

from services.auth.app import create
from services.auth.settings import AuthSettings
from services.problem import Problem
from services.rate_limit import RateLimit
from services.settings import load

counted: dict[tuple[int, str], list[float]] = defaultdict(list)


async def _count(self: RateLimit, who: str) -> None:
    attempts, window_s = self._item.amount, self._item.multiples
    now_s = time.time()
    mine = counted[id(self), who]
    mine[:] = [*(at for at in mine if at > now_s - window_s), now_s]
    if len(mine) > attempts:
        raise Problem(429, "Too many.", Retry_After=str(window_s))


patch.object(RateLimit, "count", _count).start()

app = create(load(AuthSettings))

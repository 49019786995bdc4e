"""How many checks run at a time."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

_HELD_S = 1.0


class Places:
    """So many at a time. Who takes longer than a second gives up the place and goes on: a system
    that answers nobody would otherwise keep every check waiting for those before it.
    """

    def __init__(self, count: int) -> None:
        self._free = asyncio.Semaphore(count)

    @asynccontextmanager
    async def taken(self) -> AsyncIterator[None]:
        """Waits for a place, and holds it."""
        await self._free.acquire()
        is_held = True

        def give_up() -> None:
            nonlocal is_held
            if is_held:
                is_held = False
                self._free.release()

        timer = asyncio.get_running_loop().call_later(_HELD_S, give_up)
        try:
            yield
        finally:
            timer.cancel()
            give_up()

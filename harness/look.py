"""One answer for all checks that read the same one: asking again would only load the system."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from harness.model import Exchange
from harness.trail import Trail, current, current_step

if TYPE_CHECKING:
    import httpx

Send = Callable[[], Awaitable["httpx.Response"]]


class Looks:
    """Requests that are sent once a run, by whoever needs them first.

    The exchange is evidence of every check that read the answer. A failure is a failure for each of
    them, and each confirms it with requests of its own.
    """

    def __init__(self) -> None:
        self._taken: dict[object, asyncio.Task[httpx.Response]] = {}
        self._evidence: dict[object, list[Exchange]] = {}

    async def answer(self, request: "httpx.Request", send: Send) -> "httpx.Response":
        """What `send` gives, or gave to another check. Raises what it raises."""
        key = (request.method, str(request.url), tuple(request.headers.raw))
        shared = key in self._taken
        if not shared:
            self._evidence[key] = []
            self._taken[key] = asyncio.create_task(_take(send, self._evidence[key]))
        try:
            # Who is cut off must not take the answer away from the others.
            return await asyncio.shield(self._taken[key])
        finally:
            current().exchanges.extend(
                replace(exchange, step=current_step(), shared=shared)
                for exchange in self._evidence[key]
            )

    async def close(self) -> None:
        """Ends those that nobody waits for any more."""
        for task in self._taken.values():
            task.cancel()
        await asyncio.gather(*self._taken.values(), return_exceptions=True)


async def _take(send: Send, evidence: list[Exchange]) -> "httpx.Response":
    trail = Trail()
    with trail.followed():
        try:
            return await send()
        finally:
            evidence.extend(trail.exchanges)

"""One answer for all checks that read the same one: asking again would only load the system."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import TYPE_CHECKING

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
        self._trails: dict[object, _Shared] = {}

    async def answer(self, request: "httpx.Request", send: Send) -> "httpx.Response":
        """What `send` gives, or gave to another check. Raises what it raises."""
        key = (request.method, str(request.url), tuple(request.headers.raw))
        shared = key in self._taken
        if not shared:
            self._trails[key] = _Shared()
            self._taken[key] = asyncio.create_task(_take(send, self._trails[key]))
        self._trails[key].join(current())
        try:
            # Who is cut off must not take the answer away from the others.
            return await asyncio.shield(self._taken[key])
        finally:
            current().exchanges.extend(
                replace(exchange, step=current_step(), shared=shared)
                for exchange in self._trails[key].exchanges
            )

    async def close(self) -> None:
        """Ends those that nobody waits for any more."""
        for task in self._taken.values():
            task.cancel()
        await asyncio.gather(*self._taken.values(), return_exceptions=True)


class _Shared(Trail):
    """The trail of a request that several wait for: what it may wait for itself, they may too."""

    def __init__(self) -> None:
        super().__init__(self._pass_on)
        self._waiting: list[Trail] = []
        self._waited_s = 0.0

    def join(self, trail: Trail) -> None:
        self._waiting.append(trail)
        if self._waited_s:
            trail.extend(self._waited_s)

    def _pass_on(self, seconds: float) -> None:
        self._waited_s += seconds
        for trail in self._waiting:
            trail.extend(seconds)


async def _take(send: Send, trail: _Shared) -> "httpx.Response":
    with trail.followed():
        return await send()

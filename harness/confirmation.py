"""When a request may be sent again: to confirm a failure, or because a limit asks to wait.

Never to make a failure go away: a failure that does not come back is still a `flaky`.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

from harness.errors import NoData, ServerFailure, Unreachable
from harness.trail import current

if TYPE_CHECKING:
    import httpx

CONFIRMATIONS = 5
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
_FIRST_PAUSE_S = 0.05
_EXCERPT = 300

Send = Callable[[], Awaitable["httpx.Response"]]
Suspect = ServerFailure | Unreachable


@dataclass(slots=True)
class Budget:
    """How long a run may wait for rate limits, all in all. `ends_at`: `time.monotonic()`."""

    ends_at: float = float("inf")

    def left_s(self) -> float:
        return self.ends_at - time.monotonic()


@dataclass(frozen=True, slots=True)
class Confirmation:
    """How one request is judged.

    Attributes:
        safe: It may be repeated as it stands.
        allowed: Statuses of 429 and from 500 that the caller wants to see.
        budget: Bounds the waiting for rate limits.
    """

    safe: bool
    allowed: frozenset[int]
    budget: Budget

    async def confirmed(self, send: Send) -> "httpx.Response":
        """The answer, once it can be believed.

        Raises:
            ServerFailure, Unreachable: Failed, and failed again where it may be repeated.
            NoData: A rate limit that does not lift in time.
        """
        try:
            return await self._once(send)
        except (ServerFailure, Unreachable) as error:
            first = error
        if not self.safe:
            raise first
        return await self._again(send, first)

    async def _again(self, send: Send, first: Suspect) -> "httpx.Response":
        for number in range(CONFIRMATIONS):
            await asyncio.sleep(_FIRST_PAUSE_S * 2**number)
            try:
                response = await self._once(send)
            except (ServerFailure, Unreachable) as error:
                error.confirmed = True
                raise
        current().repeated.append(f"once in {CONFIRMATIONS + 1} times: {first}")
        return response

    async def _once(self, send: Send) -> "httpx.Response":
        while True:
            response = await send()
            status = response.status_code
            if status == 429 and status not in self.allowed:
                await self._wait(response)
            elif status >= 500 and status not in self.allowed:
                raise _server_failure(response)
            else:
                return response

    async def _wait(self, response: "httpx.Response") -> None:
        asked = retry_after_s(response.headers.get("retry-after", ""))
        name = f"{response.request.method} {response.request.url.path}"
        if asked is None:
            raise NoData(f"{name}: 429, and it does not say for how long")
        if asked > self.budget.left_s():
            raise NoData(f"{name}: 429 for {asked:.0f} s more, longer than this run may take")
        current().extend(asked)
        await asyncio.sleep(asked)


def retry_after_s(value: str) -> float | None:
    """The wait that a `Retry-After` asks for, at least 1 s; None if it says none.

    Source: RFC 9110, section 10.2.3: seconds, or a date.
    """
    if value.strip().isascii() and value.strip().isdigit():
        return max(1.0, float(value))
    try:
        until = parsedate_to_datetime(value)
    except ValueError:
        return None
    if until.tzinfo is None:
        until = until.replace(tzinfo=UTC)
    return max(1.0, (until - datetime.now(UTC)).total_seconds())


def _server_failure(response: "httpx.Response") -> ServerFailure:
    body = response.text[:_EXCERPT]
    return ServerFailure(
        f"{response.request.method} {response.request.url.path}",
        expected="a status below 500",
        came=f"{response.status_code}{': ' if body else ''}{body}",
        answer=response,
    )

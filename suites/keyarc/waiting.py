"""Asks a `Target` from code that waits for the answer: plain tests, and threads of theirs.

    with Loop() as loop:
        Keys(waiting(target, loop), token).secrets()

What a `Target` does, it does here too: connections go where the environment file sends them, a 5xx
is confirmed, a 429 waited for, every exchange lands on the trail of whoever asked.
"""

import asyncio
import threading
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor, wait
from contextvars import copy_context
from typing import Any, Self, TypeVar

import httpx

from harness.errors import ContractViolation
from harness.target import Target
from suites.keyarc import deadline as deadlines

T = TypeVar("T")
# What httpx adds to every request, and a `Target` does by itself.
_OWN_HEADERS = frozenset(
    {"host", "accept", "accept-encoding", "connection", "user-agent", "content-length"}
)


class Loop:
    """An event loop on a thread of its own, for as long as the context lasts."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="loop", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_exception: object) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def run(self, work: Coroutine[Any, Any, T], about: str = "its last request") -> T:
        """Waits for it, in the context of whoever waits; may be called from any thread.

        Raises:
            ContractViolation: The journey's time is over.
            BaseException: What it raised, or what interrupted the waiting: then it is cancelled.
        """
        deadline = deadlines.current()
        future = asyncio.run_coroutine_threadsafe(work, self._loop)
        try:
            while not future.done() and deadline.left_s() > 0:
                wait([future], _timeout(deadline.left_s()))
            if future.done():
                return future.result()
        finally:
            future.cancel()
        raise ContractViolation(
            "the journey comes to its end",
            expected=f"within {deadline.limit_s:g} s",
            came=f"{about} was still to be answered",
        )


def _timeout(left_s: float) -> float | None:
    return None if left_s == float("inf") else left_s


class _Through(httpx.BaseTransport):
    """Has a `Target` send what an httpx client was asked to."""

    def __init__(self, target: Target, loop: Loop) -> None:
        self._target = target
        self._loop = loop

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        path = str(request.url).removeprefix(self._target.url)
        said = {
            name: value
            for name, value in request.headers.items()
            if name.lower() not in _OWN_HEADERS
        }
        sent = self._target.request(request.method, path, headers=said, content=request.read())
        return self._loop.run(sent, f"{request.method} {path}")


def waiting(target: Target, loop: Loop) -> httpx.Client:
    """A client whose `base_url` is the service, and which asks as the target does."""
    return httpx.Client(base_url=target.url, transport=_Through(target, loop))


def at_once(*works: Callable[[], T]) -> list[T]:
    """Does all of it at the same time, each on a thread of its own, on the trail of this one.

    Returns:
        What each gave, in their order.

    Raises:
        Exception: What the first of them raised that did.
    """
    with ThreadPoolExecutor(len(works)) as pool:
        begun = [pool.submit(copy_context().run, work) for work in works]
    return [one.result() for one in begun]

"""Ctrl-C and SIGTERM during a run: first the run is cut short in order, then at once."""

import asyncio
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

SIGNALS = (signal.SIGINT, signal.SIGTERM)


class _Interruption:
    """Turns signals into cancellations, on the loop's own thread.

    A plain signal handler runs even while a check blocks the loop; a loop's own would not.
    """

    def __init__(self, told: Callable[[str], None]) -> None:
        self._loop = asyncio.get_running_loop()
        self._task = asyncio.current_task()
        self._told = told
        self._count = 0
        self._undelivered = False

    def on_signal(self, number: int, frame: FrameType | None) -> None:
        if self._undelivered:
            raise KeyboardInterrupt
        self._undelivered = True
        self._loop.call_soon_threadsafe(self._deliver)

    def _deliver(self) -> None:
        self._undelivered = False
        if self._task is None or self._task.done():
            return  # Too late: the verdict is written.
        self._count += 1
        if self._count == 1:
            self._told("interrupted: cleaning up; once more to skip that")
            self._task.cancel()
        else:
            for task in asyncio.all_tasks(self._loop):
                task.cancel()


@contextmanager
def interruptible(told: Callable[[str], None]) -> Iterator[None]:
    """Within, the first signal cancels the current task, which can clean up; the next one cancels
    every task, cleanups too; and one that a blocked loop does not take raises KeyboardInterrupt.

    Args:
        told: Gets a line for whoever pressed the key.
    """
    interruption = _Interruption(told)
    before = {number: signal.signal(number, interruption.on_signal) for number in SIGNALS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)

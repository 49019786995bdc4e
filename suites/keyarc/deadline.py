"""How long a journey may take; what rate limits cost it does not count."""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

VARIABLE = "KEYARC_JOURNEY_LIMIT_S"
LIMIT_S = 30.0
# What a journey made is removed, however long it took itself.
REMOVAL_LIMIT_S = 15.0

_current: ContextVar["Deadline"] = ContextVar("deadline")


class Deadline:
    """The end of one journey's time. `limit_s`: what it was given at its beginning."""

    def __init__(self, limit_s: float) -> None:
        self.limit_s = limit_s
        self._ends_at = time.monotonic() + limit_s

    def extend(self, seconds: float) -> None:
        """Adds what was spent on waiting for a limit to lift."""
        self._ends_at += seconds

    def left_s(self) -> float:
        return self._ends_at - time.monotonic()

    @contextmanager
    def kept(self) -> Iterator[None]:
        """Whoever waits inside, in this thread or one of its own, waits no longer."""
        token = _current.set(self)
        try:
            yield
        finally:
            _current.reset(token)


def current() -> Deadline:
    """That of the journey that is under way; outside of one there is none."""
    return _current.get(None) or Deadline(float("inf"))


def of_removal() -> Deadline:
    """One for what has to be removed at the end."""
    return Deadline(REMOVAL_LIMIT_S)


def of_journeys() -> Deadline:
    """A new one, of the usual length unless the variable says otherwise."""
    return Deadline(float(os.environ.get(VARIABLE) or LIMIT_S))

"""What one attempt of a check did, kept while it happens.

The trail is found through a context variable, so a request lands in the evidence of the check
that made it, also from tasks that the check started.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from harness.model import Exchange, Step

_current: ContextVar["Trail"] = ContextVar("trail")
_step: ContextVar[str | None] = ContextVar("step", default=None)


class Trail:
    """Steps and exchanges of one attempt.

    Attributes:
        unanswered: Origins that were being waited for when the attempt was cut off.
        decisive: Position of the exchange after which a step failed; while it failed, others may
            have gone on.
        repeated: What failed once and then never again: one line each. Makes a pass a flake.
        again: It is a repetition, to confirm a failure: what it sees must be new.
        extend: Called with seconds that a rate limit cost and the check should not pay for.
    """

    def __init__(
        self, extend: Callable[[float], None] | None = None, *, again: bool = False
    ) -> None:
        self.again = again
        self.exchanges: list[Exchange] = []
        self.steps: list[Step] = []
        self.repeated: list[str] = []
        self.unanswered: list[str] = []
        self.decisive: int | None = None
        self.extend = extend or (lambda seconds: None)
        self._blamed: Exception | None = None
        self._started = time.perf_counter()

    def blame(self, step: str, error: Exception) -> None:
        """Notes which exchange a step failed after. Groups hold what inner steps failed with."""
        if error is self._blamed or isinstance(error, ExceptionGroup):
            return
        self._blamed = error
        own = [i for i, exchange in enumerate(self.exchanges) if exchange.step == step]
        self.decisive = own[-1] if own else None

    def elapsed_ms(self) -> float:
        return (time.perf_counter() - self._started) * 1000

    @contextmanager
    def followed(self) -> Iterator["Trail"]:
        """Everything inside is recorded here."""
        token = _current.set(self)
        try:
            yield self
        finally:
            _current.reset(token)


def current() -> Trail:
    """The trail of whoever is running; one that nobody reads outside of a run."""
    return _current.get(None) or Trail()


def current_step() -> str | None:
    return _step.get()


@contextmanager
def step(name: str) -> Iterator[None]:
    """Names a part of a check. Steps nest; requests inside carry the name.

    Args:
        name: What is done, such as `create`.
    """
    outer = _step.get()
    full_name = f"{outer} / {name}" if outer else name
    trail, token = current(), _step.set(full_name)
    started, ok = trail.elapsed_ms(), False
    try:
        yield
        ok = True
    except Exception as error:
        trail.blame(full_name, error)
        raise
    finally:
        _step.reset(token)
        duration_ms = trail.elapsed_ms() - started
        trail.steps.append(Step(name=full_name, ok=ok, duration_ms=duration_ms))

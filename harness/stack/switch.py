"""Ends and starts parts of a stack that is up, by order."""

import signal
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress

import psutil

from harness.errors import StackError, UsageError
from harness.stack.children import Child, Children
from harness.stack.database import POSTGRES, Database
from harness.stack.instances import Instances
from harness.stack.serving import GRACE_S

POLL_S = 0.01
# The database writes down all that it has, first.
DATABASE_GRACE_S = 30.0
KILLED_WITHIN_S = 10.0


class Switch:
    """What is ended and started by order.

    Args:
        instances: What starts the services.
        database: What starts the database.
        children: The processes that run.
        look: Waits a moment, at most so many seconds, and sees to whatever has happened.

    Attributes:
        stopped: What was ended by order, and has not been started since.
        changed: What runs with other settings than its own.
    """

    def __init__(
        self,
        instances: Instances,
        database: Database,
        children: Children,
        look: Callable[[float], None],
    ) -> None:
        self.stopped: set[str] = set()
        self.changed: set[str] = set()
        self._instances = instances
        self._database = database
        self._children = children
        self._look = look

    def stop(self, name: str, *, at_once: bool) -> None:
        """Returns when nothing of it runs any more.

        Raises:
            UsageError: There is nothing of this name.
            StackError: It does not end.
            Stop: Somebody wants the whole stack to end.
        """
        self._must_be_known(name)
        self.stopped.add(name)
        self.changed.discard(name)
        if at_once:
            self._kill(name)
        else:
            self._end(name)
        self._children.forget([each for each in self._children.all if each.service == name])

    def start(self, name: str, *, settings: Mapping[str, str | None], delay_s: float) -> None:
        """Starts it, with these settings above its own; what runs of it is killed first.

        Raises:
            UsageError: There is nothing of this name, or a setting refers to nothing.
            StackError: What runs of it does not end.
            Stop: Somebody wants the whole stack to end.
        """
        self._must_be_known(name)
        filled = self._instances.filled(settings)  # Before anything ends for nothing.
        self.stop(name, at_once=True)
        if name == POSTGRES:
            self._database.resume(filled, delay_s)
        else:
            code = self._instances.codes[name]
            self._instances.start(name, code, settings=settings, delay_s=delay_s)
        self.stopped.discard(name)
        if settings:
            self.changed.add(name)

    def have_been_deployed(self, names: Iterable[str]) -> None:
        """These were started otherwise, with their own settings."""
        self.stopped.difference_update(names)
        self.changed.difference_update(names)

    def _must_be_known(self, name: str) -> None:
        if name in self._instances.codes:
            return
        if name != POSTGRES:
            known = ", ".join(self._instances.codes)
            raise UsageError(f"there is no {name} in this stack; there are {known} and {POSTGRES}")
        self._database.cluster()

    def _end(self, name: str) -> None:
        """In order: each finishes what it has begun, for so long as it is given."""
        living = self._children.living(name)
        family = _family(living)
        for child in living:
            child.send(signal.SIGINT if name == POSTGRES else signal.SIGTERM)
            child.send(signal.SIGCONT)  # One that is paused could not hear of it.
        _send(family, signal.SIGCONT)
        limit_s = DATABASE_GRACE_S if name == POSTGRES else GRACE_S + 1
        if not self._until(lambda: not self._children.living(name), limit_s):
            self._kill(name)
        self._see_off(name, family)

    def _kill(self, name: str) -> None:
        """At once, with all that its processes started, which can start no more meanwhile."""
        living = self._children.living(name)
        for child in living:
            child.send(signal.SIGSTOP)
        family = _family(living)
        for child in living:
            child.send(signal.SIGKILL)
        self._see_off(name, family)

    def _see_off(self, name: str, family: list[psutil.Process]) -> None:
        """Kills what is left of a family, and returns when all of it has gone."""
        _send(family, signal.SIGKILL)
        gone = self._until(
            lambda: not self._children.living(name) and not any(map(_runs, family)),
            KILLED_WITHIN_S,
        )
        if not gone:
            raise StackError(f"{name} was killed, and has not ended in {KILLED_WITHIN_S:g} s")

    def _until(self, done: Callable[[], bool], limit_s: float) -> bool:
        deadline_s = time.monotonic() + limit_s
        while not done():
            left_s = deadline_s - time.monotonic()
            if left_s <= 0:
                return False
            self._look(min(left_s, POLL_S))
        return True


def _family(living: list[Child]) -> list[psutil.Process]:
    """What these processes have started, and that in turn."""
    return [each for child in living for each in psutil.Process(child.pid).children(recursive=True)]


def _send(family: list[psutil.Process], number: signal.Signals) -> None:
    for each in family:
        with suppress(psutil.Error):  # It has ended by itself.
            each.send_signal(number)


def _runs(process: psutil.Process) -> bool:
    """Not where it has ended and its parent has not noticed."""
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.Error:
        return False

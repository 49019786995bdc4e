"""Replaces what runs by stored code: service after service, and no request fails.

New instances start beside the old ones, on the same listening socket; once they are ready, the old
ones accept nothing more, finish what they have begun, and end. A command cannot share its port: it
ends before its successor starts.
"""

import signal
import time
from collections.abc import Callable, Collection, Mapping
from graphlib import CycleError, TopologicalSorter

from harness.environment import Environment
from harness.errors import StackError, UsageError
from harness.stack.children import Child, Children
from harness.stack.code import Code
from harness.stack.instances import MIGRATE, Instances, failure
from harness.stack.serving import DRAIN_LIMIT_S, GRACE_S
from harness.stack.startup import MIGRATE_LIMIT_S
from harness.stack.state import StateDirectory

POLL_S = 0.02
# A process that is told to go needs so long at most, and is killed after.
GONE_WITHIN_S = DRAIN_LIMIT_S + 2 * GRACE_S

Progress = Callable[[str], object]


class Rollout:
    """One replacement.

    Args:
        environment: What is started here.
        directory: The stack's.
        instances: What starts them.
        children: The processes that run.
        look: Waits a moment, at most so many seconds, and sees to whatever has happened.
        progress: Gets a line for each step.
    """

    def __init__(
        self,
        environment: Environment,
        directory: StateDirectory,
        instances: Instances,
        children: Children,
        *,
        look: Callable[[float], None],
        progress: Progress,
    ) -> None:
        self._environment = environment
        self._directory = directory
        self._instances = instances
        self._children = children
        self._look = look
        self._progress = progress
        self._leaving: list[Child] = []

    def known(self, names: Collection[str]) -> list[str]:
        """These services, each after what it depends on.

        Raises:
            UsageError: One of them is not deployed here.
        """
        stack = self._instances.stack.services
        deployed = [name for name in self._environment.services if name in stack]
        unknown = [name for name in names if name not in deployed]
        if unknown:
            raise UsageError(f"{unknown[0]} is not deployed here; there are {', '.join(deployed)}")
        return [name for name in _in_order(self._environment, deployed) if name in names]

    def is_there(self, name: str, code: Code) -> bool:
        """Whether a service runs this code, whole."""
        living = self._children.living(name)
        return len(living) == self._instances.count(name) and all(
            (each.release, each.identity) == (code.release, code.identity) for each in living
        )

    def run(self, codes: Mapping[str, Code], services: list[str], *, migrate: Code | None) -> None:
        """Carries it out.

        Args:
            codes: What each service is to run.
            services: Which are replaced, in this order.
            migrate: The code whose migration runs first.

        Raises:
            StackError: A step failed: nothing after it has begun.
            Stop: Somebody wants the stack to end.
        """
        try:
            if migrate is not None:
                self._migrate(migrate)
            for name in services:
                self._replace(name, codes[name])
        finally:
            self._see_off()
        for name in services:
            self._must_live(name)

    def _migrate(self, code: Code) -> None:
        job = self._instances.stack.migrate
        if job is None:
            return
        self._progress(f"migrating to {code.release}")
        since_bytes = self._directory.log_bytes(MIGRATE)
        child = self._instances.start_job(job, code)
        ended = self._until(lambda: child.end is not None, MIGRATE_LIMIT_S)
        if not ended:
            self._children.stop([child], signal.SIGTERM)
        self._children.forget([child])
        if not ended or child.end != "exited with 0":
            what = child.end if ended else f"was not over within {MIGRATE_LIMIT_S:g} s"
            log = self._directory.log_tail(MIGRATE, since_bytes=since_bytes)
            raise failure(f"{MIGRATE} {what}, and nothing was replaced", log)

    def _replace(self, name: str, code: Code) -> None:
        old, before = self._children.living(name), self._instances.codes[name]
        self._progress(f"{name}: {before.release} -> {code.release}")
        if self._instances.is_shared(name):
            self._start(name, code)
            self._instances.drain(old)
            self._leaving += old
        else:
            self._children.stop(old, signal.SIGTERM)
            self._forget_dead(name)
            try:
                self._start(name, code)
            except StackError:
                self._start(name, before)
                raise
        self._forget_dead(name)

    def _start(self, name: str, code: Code) -> None:
        """Starts the new instances, and returns once they are ready.

        Raises:
            StackError: They don't get ready, and are ended; says why.
        """
        before = self._instances.codes[name]
        logs = {each: self._directory.log_bytes(each) for each in self._instances.logs(name)}
        started = self._instances.start(name, code)
        limit_s = self._instances.stack.services[name].start_timeout_s
        ready = self._instances.ready(name, started)
        dead: list[Child] = []

        def is_decided() -> bool:
            dead[:] = [child for child in started if child.end is not None]
            return bool(dead) or ready()

        if self._until(is_decided, limit_s) and not dead:
            return
        bad = next(iter(dead), started[0])
        what = bad.end or f"was not ready within {limit_s:g} s"
        self._children.stop(started, signal.SIGTERM)
        self._children.forget(started)
        self._instances.codes[name] = before
        log = self._directory.log_tail(bad.name, since_bytes=logs[bad.name])
        raise failure(
            f"{bad.name} of release {code.release} {what}; {name} still runs {before.release}, "
            "and what comes after it was not replaced",
            log,
        )

    def _see_off(self) -> None:
        """Waits for those that were replaced; ends the ones that don't."""
        if self._leaving:
            self._progress("waiting for the last requests to those that were replaced")
        gone = self._until(lambda: all(each.end for each in self._leaving), GONE_WITHIN_S)
        if not gone:
            self._children.stop(self._leaving, signal.SIGKILL)
        self._children.forget(self._leaving)

    def _must_live(self, name: str) -> None:
        for child in self._children.all:
            if child.service == name and child.end is not None:
                log = self._directory.log_tail(child.name)
                raise failure(f"{child.name} started, and then {child.end}", log)

    def _forget_dead(self, name: str) -> None:
        dead = [each for each in self._children.all if each.service == name and each.end]
        self._children.forget(dead)

    def _until(self, done: Callable[[], object], limit_s: float) -> bool:
        """Waits for one thing while all is looked after; whether it came in time."""
        deadline_s = time.monotonic() + limit_s
        while not done():
            left_s = deadline_s - time.monotonic()
            if left_s <= 0:
                return False
            self._look(min(left_s, POLL_S))
        return True


def _in_order(environment: Environment, known: list[str]) -> list[str]:
    """What is depended on first; where that goes in a circle, as the file has it."""
    graph = {
        name: [each for each in environment.services[name].depends_on if each in known]
        for name in known
    }
    try:
        return list(TopologicalSorter(graph).static_order())
    except CycleError:
        return known

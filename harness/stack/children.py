"""The processes below the supervisor."""

import os
import signal
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from typing import Protocol

from harness.stack import process
from harness.stack.code import Code
from harness.stack.serving import GRACE_S
from harness.stack.state import StateDirectory
from harness.stack.watch import Watch

Announce = Callable[[], object]


class Closable(Protocol):
    """A file of the supervisor's."""

    def close(self) -> None: ...


@dataclass
class Child:
    """One process.

    Attributes:
        name: That of its log: the service, with the instance's number where there are several.
        service: What it is an instance of.
        pid: Its process id.
        is_group: Whether it leads a group, to which its own children belong.
        is_ready: Whether it has started, as far as it tells.
        end: How it ended, in words; None while it runs.
        release: The release whose code it runs, where it is part of one.
        identity: That of the code.
        is_leaving: Whether it has been replaced, and ends when its last client has gone.
    """

    name: str
    service: str
    pid: int
    is_group: bool
    is_ready: bool = True
    end: str | None = None
    release: str | None = None
    identity: str | None = None
    is_leaving: bool = False

    def send(self, number: signal.Signals) -> None:
        with suppress(ProcessLookupError):
            (os.killpg if self.is_group else os.kill)(self.pid, number)


class Children:
    """Starts processes and ends them."""

    def __init__(self, directory: StateDirectory, watch: Watch) -> None:
        self.all: list[Child] = []
        # What the supervisor holds and no child may: ports would stay taken after its end.
        self.not_inherited: list[Closable] = [watch]
        self._directory = directory
        self._watch = watch

    def start(
        self,
        name: str,
        run: Callable[[], object],
        *,
        service: str | None = None,
        keep: Iterable[Closable] = (),
        is_group: bool = False,
        code: Code | None = None,
    ) -> Child:
        """Runs a function in a process of its own, with its output in the log of that name.

        Args:
            name: Of the process and its log.
            run: What it does. It may become another program.
            service: What it is an instance of, if not of that name.
            keep: Those files of `not_inherited` that it needs.
            is_group: Whether `run` makes it the leader of a process group.
            code: What it runs, where that is part of a release.
        """
        kept = {id(file) for file in keep}

        def child() -> None:
            for file in self.not_inherited:
                if id(file) not in kept:
                    file.close()
            process.write_to(self._directory.log_file(name))
            run()

        pid = process.fork(child)
        if is_group:
            # The child does the same: whoever is first, the group exists before it is needed.
            with suppress(OSError):
                os.setpgid(pid, pid)
        started = Child(name, service or name, pid, is_group)
        if code is not None:
            started.release, started.identity = code.release, code.identity
        self.all.append(started)
        return started

    def start_announced(
        self,
        name: str,
        run: Callable[[Announce], object],
        *,
        service: str | None = None,
        keep: Iterable[Closable] = (),
        code: Code | None = None,
    ) -> Child:
        """As `start`, for a function that says when it has started: it is ready then.

        Args:
            name: Of the process and its log.
            run: What it does; what it is given is to be called once.
            service: What it is an instance of, if not of that name.
            keep: Those files of `not_inherited` that it needs.
            code: What it runs, where that is part of a release.
        """
        read, write = os.pipe()
        child = self.start(
            name,
            lambda: run(lambda: os.write(write, b"1")),
            service=service,
            keep=keep,
            code=code,
        )
        os.close(write)
        child.is_ready = False

        def hear() -> None:
            child.is_ready = os.read(read, 1) != b""
            self._watch.off(read)
            os.close(read)

        self._watch.on(read, hear)
        return child

    def notice(self) -> list[Child]:
        """Those that have ended since the last look."""
        news = [each for each in self.all if each.end is None and each.pid in self._watch.ended]
        for each in news:
            each.end = process.describe(self._watch.ended[each.pid])
        return news

    def living(self, service: str) -> list[Child]:
        """Instances of a service that run, or are about to."""
        return [each for each in self.all if each.service == service and each.end is None]

    def forget(self, which: Iterable[Child]) -> None:
        """Those that have ended as they should are of no more interest."""
        gone = {id(child) for child in which}
        self.all = [each for each in self.all if id(each) not in gone]

    def stop(self, which: Iterable[Child], by: signal.Signals) -> None:
        """Asks them to end, all at once, and kills those that don't."""
        living = [each for each in which if each.end is None]
        for number, limit_s in ((by, GRACE_S + 1), (signal.SIGKILL, GRACE_S)):
            for each in living:
                each.send(number)
            deadline_s = time.monotonic() + limit_s
            while living and (left_s := deadline_s - time.monotonic()) > 0:
                self._watch.wait(left_s, heed_stop=False)
                self.notice()
                living = [each for each in living if each.end is None]
        for each in which:
            if each.is_group:
                each.send(signal.SIGKILL)  # What it started may have outlived it.

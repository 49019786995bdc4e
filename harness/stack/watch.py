"""The supervisor's one place to wait: for signals, children, and the command that started it."""

import os
import selectors
import signal
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from harness.stack.channel import Channel

STOP_SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


class Stop(Exception):  # noqa: N818 - a wish, not an error
    """Somebody wants the stack to end."""


class Watch:
    """Waits without a thread or an event loop, so that services can be forked at any time.

    Attributes:
        ended: Wait statuses of the children that have ended, by process id.
        before_end: Told the process id of a child that has ended, before anyone else can know.
    """

    def __init__(self, channel: Channel) -> None:
        self.ended: dict[int, int] = {}
        self.before_end: Callable[[int], object] = lambda _pid: None
        self._wanted = False
        self._channel: Channel | None = channel
        self._selector = selectors.DefaultSelector()
        self._wake_read, self._wake_write = os.pipe()
        for file in (self._wake_read, self._wake_write):
            os.set_blocking(file, False)
        self.on(self._wake_read, self._drain)
        self.on(channel, self._hear)
        signal.set_wakeup_fd(self._wake_write)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        for number in STOP_SIGNALS:
            signal.signal(number, self._want_stop)

    def on(self, file: Any, act: Callable[[], None]) -> None:
        """Calls `act` whenever there is something to read, or the other end was closed."""
        self._selector.register(file, selectors.EVENT_READ, act)

    def off(self, file: Any) -> None:
        self._selector.unregister(file)

    def wait(self, limit_s: float | None = None, *, heed_stop: bool = True) -> None:
        """Waits until something happens, or for so long.

        Raises:
            Stop: A signal came, or the command that started the stack is gone.
        """
        self._reap()
        for key, _ in self._selector.select(limit_s):
            key.data()
        self._reap()
        if self._wanted and heed_stop:
            raise Stop

    def close(self) -> None:
        """Closes what a child must not keep open."""
        self._selector.close()
        os.close(self._wake_read)
        os.close(self._wake_write)
        if self._channel is not None:
            self._channel.close()

    def _hear(self) -> None:
        assert self._channel is not None
        let_go = self._channel.is_let_go()
        if let_go is None:
            return
        self.off(self._channel)
        self._channel.close()
        self._channel = None
        self._wanted = self._wanted or not let_go

    def _drain(self) -> None:
        with suppress(BlockingIOError):
            os.read(self._wake_read, 4096)

    def _reap(self) -> None:
        with suppress(ChildProcessError):
            while found := os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT):
                self.before_end(found.si_pid)
                _, self.ended[found.si_pid] = os.waitpid(found.si_pid, 0)

    def _want_stop(self, *_: object) -> None:
        self._wanted = True

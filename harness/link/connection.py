"""One connection of a client through a link, with one flow in each direction."""

import asyncio
import socket
import struct
from collections.abc import Callable
from contextlib import suppress

from harness.link.flow import Flow
from harness.link.toxics import Ending, Stream

_RESET_ON_CLOSE = struct.pack("ii", 1, 0)
_DRAINED_BYTES = 256 * 1024


class Connection:
    """A client, and what it talks to.

    Args:
        serial: Which one of its link's it is.
        ends: The client's socket; the one by which its plain bytes come and go, which is the same
            where there is no TLS; and the one to upstream.
        closed: Called once it is over, with how it ended.

    Attributes:
        flows: By direction.
    """

    def __init__(
        self,
        serial: int,
        ends: tuple[socket.socket, socket.socket, socket.socket],
        closed: Callable[["Connection", Ending], None],
    ) -> None:
        self.serial = serial
        self._ends, self._closed = ends, closed
        _, client, upstream = ends
        self._open = 2
        self._deadlines: dict[str, asyncio.TimerHandle] = {}
        self.flows: dict[Stream, Flow] = {
            "upstream": Flow(client, upstream, self._ended),
            "downstream": Flow(upstream, client, self._ended),
        }

    def begin(self) -> None:
        for flow in self.flows.values():
            flow.begin()

    def limit(self, name: str, ends_after_s: float | None) -> None:
        """Has it cut after a time; None lifts the limit of that name."""
        if name in self._deadlines:
            self._deadlines.pop(name).cancel()
        if ends_after_s is not None:
            loop = asyncio.get_running_loop()
            self._deadlines[name] = loop.call_later(ends_after_s, self.end, Ending.CUT)

    def end(self, ending: Ending) -> None:
        """Ends it now; what is under way is lost."""
        if not self._open:
            return
        self._open = 0
        for deadline in self._deadlines.values():
            deadline.cancel()
        for flow in self.flows.values():
            flow.stop()
        outer, *ends = self._ends
        if ending is Ending.RESET:
            reset_on_close(outer)
        for each in ends:
            if ending is Ending.RESET:
                reset(each)
            else:
                _close(each)
        self._closed(self, ending)

    def _ended(self, ending: Ending) -> None:
        if ending is Ending.CLOSED and self._open == 2:
            self._open = 1
        else:
            self.end(ending)


def reset_on_close(end: socket.socket) -> None:
    """Has the other side see a reset when this one is closed."""
    with suppress(OSError):
        end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)


def will_reset(end: socket.socket) -> bool:
    """Whether `reset_on_close` was asked for."""
    size = len(_RESET_ON_CLOSE)
    return end.getsockopt(socket.SOL_SOCKET, socket.SO_LINGER, size) == _RESET_ON_CLOSE


def reset(end: socket.socket) -> None:
    """Closes a socket so that the other side sees a reset."""
    reset_on_close(end)
    end.close()


def _close(end: socket.socket) -> None:
    # What was not read would turn the end into a reset, and take with it what was sent before.
    with suppress(OSError):
        end.shutdown(socket.SHUT_WR)
        end.recv(_DRAINED_BYTES)
    end.close()

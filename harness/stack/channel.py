"""The line between the command that starts a stack and the stack's supervisor.

The supervisor reports on it, a JSON object a line. Its end, seen by either side, means that the
other is gone: a supervisor that is not yet let go then stops.
"""

import json
import socket
from collections.abc import Iterator
from typing import Any

DETACH = b"detach\n"


class Channel:
    """The supervisor's end."""

    def __init__(self, end: socket.socket) -> None:
        self._end = end

    def fileno(self) -> int:
        return self._end.fileno()

    def say(self, event: str, **content: Any) -> None:
        try:
            self._end.sendall(json.dumps({"event": event, **content}).encode() + b"\n")
        except OSError:
            return  # Nobody listens: the main loop finds that out by itself.

    def is_let_go(self) -> bool | None:
        """What the command said: True to go on alone, False when it is gone, None for nothing."""
        try:
            data = self._end.recv(len(DETACH), socket.MSG_DONTWAIT)
        except BlockingIOError:
            return None
        except OSError:
            return False
        return data == DETACH

    def close(self) -> None:
        self._end.close()


def events(end: socket.socket) -> Iterator[dict[str, Any]]:
    """What the supervisor reports, until it ends."""
    with end.makefile("r", encoding="utf-8") as lines:
        for line in lines:
            yield json.loads(line)

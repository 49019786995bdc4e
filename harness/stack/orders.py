"""What clients ask of the supervisor over its control socket: a JSON object a line, both ways.

Nothing in here waits: the supervisor's one place to wait is its watch. A client that has gone
changes nothing; what it has ordered is done.
"""

import json
import socket
from collections import deque
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

from harness.errors import UsageError
from harness.stack.children import Children
from harness.stack.control import address
from harness.stack.ordered import Order, Replacement, Stopping, order
from harness.stack.state import StateDirectory
from harness.stack.watch import Watch

MAX_BYTES = 1024 * 1024
READ_BYTES = 65536


class Client:
    """One connection to the control socket."""

    def __init__(self, end: socket.socket) -> None:
        self._end = end
        self._received = b""

    def fileno(self) -> int:
        return self._end.fileno()

    def close(self) -> None:
        self._end.close()

    def say(self, event: str, **content: Any) -> None:
        """Tells it something; one that is gone, or does not listen, is told nothing."""
        with suppress(OSError):
            self._end.sendall(json.dumps({"event": event, **content}).encode() + b"\n")

    def hear(self) -> list[str] | None:
        """The whole lines that have come; None when it is gone, or sends no lines."""
        try:
            data = self._end.recv(READ_BYTES)
        except BlockingIOError:
            return []
        except OSError:
            return None
        *lines, self._received = (self._received + data).split(b"\n")
        if not data or len(self._received) > MAX_BYTES:
            return None
        return [line.decode(errors="replace") for line in lines]


class Orders:
    """Takes orders, which are carried out one at a time.

    Nothing is taken while a replacement is under way, nor one beside anything else: it would begin
    with another system than who asked for it has seen.
    """

    def __init__(
        self,
        directory: StateDirectory,
        children: Children,
        watch: Watch,
        status: Callable[[], Mapping[str, Any]],
    ) -> None:
        self._waiting: deque[tuple[Order, Client]] = deque()
        self._underway: Order | None = None
        self._status = status
        self._watch = watch
        # No child may hold a client's line: its end would never be seen.
        self._kept = children.not_inherited
        self._listening = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        with address(directory.control) as short:
            self._listening.bind(short)
        self._listening.listen()
        self._listening.setblocking(False)
        self._kept.append(self._listening)
        watch.on(self._listening, self._accept)

    def next(self) -> tuple[Order, Client] | None:
        """The one to be carried out now, and who is told about it."""
        if not self._waiting:
            return None
        self._underway, client = self._waiting.popleft()
        return self._underway, client

    def done(self) -> None:
        """The order is carried out, or has failed."""
        self._underway = None

    def _accept(self) -> None:
        try:
            end, _ = self._listening.accept()
        except OSError:
            return
        end.setblocking(False)
        client = Client(end)
        self._kept.append(client)
        self._watch.on(client, lambda: self._hear(client))

    def _hear(self, client: Client) -> None:
        lines = client.hear()
        if lines is None:
            self._watch.off(client)
            self._kept.remove(client)
            client.close()
            return
        for line in lines:
            try:
                self._obey(client, json.loads(line))
            except (ValueError, TypeError, KeyError, RecursionError, UsageError) as error:
                client.say("failed", text=f"the supervisor was asked nonsense: {error}", code=2)

    def _obey(self, client: Client, asked: dict[str, Any]) -> None:
        if asked["do"] == "status":
            client.say("status", **self._status())
            return
        ordered = order(asked)
        pending = [each for each, _ in self._waiting]
        pending += [self._underway] if self._underway is not None else []
        for each in pending:
            if isinstance(each, Replacement) or isinstance(ordered, Replacement):
                client.say("failed", text=_is_under_way(each), code=20)
                return
        self._waiting.append((ordered, client))


def _is_under_way(pending: Order) -> str:
    if isinstance(pending, Replacement):
        what = f"a replacement by release {pending.release}"
    elif isinstance(pending, Stopping):
        what = f"the end of {pending.service}"
    else:
        what = f"a start of {pending.service}"
    return f"{what} is under way; wait for its end, and look what runs then"

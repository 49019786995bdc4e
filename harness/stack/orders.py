"""What clients ask of the supervisor over its control socket: a JSON object a line, both ways.

Nothing in here waits: the supervisor's one place to wait is its watch. A client that has gone
changes nothing; what it has ordered is done.
"""

import json
import socket
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from harness.errors import UsageError
from harness.release_id import checked
from harness.stack.children import Children
from harness.stack.control import address
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


@dataclass(frozen=True, slots=True)
class Order:
    """A replacement, and who is told about it.

    Attributes:
        release: What the services report after.
        services: Which identity each of them is to run.
        migrate: Whether the release's migration runs first.
        client: Who has ordered it.
    """

    release: str
    services: Mapping[str, str]
    migrate: bool
    client: Client


class Orders:
    """Takes orders, one at a time.

    Attributes:
        waiting: One that was taken, and is to be carried out.
    """

    def __init__(
        self,
        directory: StateDirectory,
        children: Children,
        watch: Watch,
        status: Callable[[], Mapping[str, Any]],
    ) -> None:
        self.waiting: Order | None = None
        self._underway: str | None = None
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

    def done(self) -> None:
        """The order is carried out, or has failed: the next one may come."""
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
        elif asked["do"] == "replace":
            order = _order(asked, client)
            if self._underway is not None:
                text = (
                    f"a replacement by release {self._underway} is under way; wait for its end, "
                    "and look what runs then"
                )
                client.say("failed", text=text, code=20)
                return
            self.waiting, self._underway = order, order.release
        else:
            raise ValueError("it knows status and replace")


def _order(asked: dict[str, Any], client: Client) -> Order:
    services = asked["services"]
    if not isinstance(services, dict) or not services:
        raise ValueError("which services?")
    return Order(
        release=checked(asked["release"]),
        services={str(name): str(identity) for name, identity in services.items()},
        migrate=asked["migrate"] is True,
        client=client,
    )

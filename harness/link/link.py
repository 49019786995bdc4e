"""A link: a TCP proxy on the way to one dependency, and what is done to what goes through it."""

import asyncio
import socket
import ssl
from collections import Counter
from collections.abc import Mapping
from contextlib import suppress
from functools import partial
from random import Random
from typing import Any

from harness.link import tls
from harness.link.address import connected
from harness.link.connection import Connection, reset, reset_on_close
from harness.link.flow import WAITING_BYTES
from harness.link.listener import Listener
from harness.link.toxic import Toxic
from harness.link.toxics import Chunk, Ending, Start, Stream, Work


class Link:
    """One link.

    Args:
        name: Its name.
        held: A socket bound with SO_REUSEADDR that does not listen: it keeps the port.
        upstream: Host and port.
        seed: For what toxics leave to chance.
        context: With it, clients have to speak TLS; upstream gets plain bytes.

    Attributes:
        toxics: Those that are on, in the order in which they work.
        listen: Where it listens, or would.
        is_enabled: Whether it listens.
    """

    def __init__(
        self,
        name: str,
        held: socket.socket,
        upstream: tuple[str, int],
        *,
        seed: int = 0,
        context: ssl.SSLContext | None = None,
    ) -> None:
        self.name, self.upstream = name, upstream
        self.toxics: dict[str, Toxic] = {}
        self._seed, self._context = seed, context
        self._listener = Listener(held, self._arrived)
        self._connections: set[Connection] = set()
        self._arriving: set[asyncio.Task[None]] = set()
        self._serial = 0
        self._counts: Counter[str] = Counter()
        self._passed: Counter[Stream] = Counter()
        self._worked: dict[str, Counter[str]] = {}

    @property
    def listen(self) -> tuple[str, int]:
        return self._listener.address

    @property
    def is_enabled(self) -> bool:
        return self._listener.is_on

    @property
    def open_count(self) -> int:
        """How many connections there are now."""
        return len(self._connections)

    def enable(self) -> None:
        """Listens; once is enough.

        Raises:
            OSError: It cannot.
        """
        self._listener.on()

    def disable(self) -> None:
        """Callers are refused from now on, and what is open is cut."""
        self._listener.off()
        for task in list(self._arriving):
            task.cancel()
        for connection in list(self._connections):
            connection.end(Ending.CUT)

    def move(self, upstream: tuple[str, int], held: socket.socket | None) -> None:
        """Leads elsewhere, or listens elsewhere once it is enabled again; it is disabled now."""
        self.disable()
        self.upstream = upstream
        if held is not None:
            self._listener.hold(held)

    def close(self) -> None:
        """Ends it; its port is free."""
        self.disable()
        self._listener.close()

    def put(self, toxic: Toxic) -> None:
        """Puts a toxic on, on open connections too, or changes the one of that name."""
        self.toxics[toxic.name] = toxic
        for connection in self._connections:
            self._apply(toxic, connection)

    def take(self, name: str) -> None:
        """Takes a toxic off."""
        toxic = self.toxics.pop(name)
        for connection in list(self._connections):
            connection.limit(name, None)
            was_at_work = connection.flows[toxic.works_on].detach(name)
            if was_at_work and toxic.behaviour.leaves_gaps:
                connection.end(Ending.CUT)

    def statistics(self) -> Mapping[str, Any]:
        """What went through it so far: counts, as docs/links.md describes them."""
        passed = Counter(self._passed)
        for connection in self._connections:
            passed.update({way: flow.bytes for way, flow in connection.flows.items()})
        names = ("opened", "unreachable", "cut", "reset", "unfinished")
        return {
            **{name: self._counts[name] for name in names},
            "open": self.open_count,
            "upstream_bytes": passed["upstream"],
            "downstream_bytes": passed["downstream"],
            "toxics": {name: dict(counts) for name, counts in self._worked.items()},
        }

    def _arrived(self, client: socket.socket) -> None:
        self._serial += 1
        task = asyncio.get_running_loop().create_task(self._arrive(self._serial, client))
        self._arriving.add(task)
        task.add_done_callback(self._arriving.discard)

    async def _arrive(self, serial: int, client: socket.socket) -> None:
        """Brings a client together with upstream; one who cannot be is reset."""
        end = client
        try:
            if self._context is not None:
                end = await tls.terminate(client, self._context)
            upstream = await connected(*self.upstream)
        except tls.Unfinished:
            self._counts["unfinished"] += 1
            return
        except OSError:
            self._counts["unreachable"] += 1
            reset_on_close(client)
            reset(end)
            return
        except asyncio.CancelledError:
            end.close()
            raise
        with suppress(OSError):
            client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        upstream.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection = Connection(serial, (client, end, upstream), self._over)
        self._counts["opened"] += 1
        self._connections.add(connection)
        for toxic in self.toxics.values():
            self._apply(toxic, connection)
        connection.begin()

    def _apply(self, toxic: Toxic, connection: Connection) -> None:
        name, flow = toxic.name, connection.flows[toxic.works_on]
        # One connection's luck is its own, whatever becomes of the others.
        chance = Random(f"{self._seed} {self.name} {name} {connection.serial}")  # noqa: S311
        if chance.random() >= toxic.toxicity:
            flow.detach(name)
            connection.limit(name, None)
            return
        counts = self._worked.setdefault(name, Counter(connections=0, bytes=0, passed_bytes=0))
        counts["connections"] += 1
        work = toxic.behaviour.start(Start(chance, partial(self._reply, counts, connection)))
        flow.attach(name, partial(_counted, counts, work))
        connection.limit(name, toxic.behaviour.ends_after_s)

    @staticmethod
    def _reply(counts: Counter[str], connection: Connection, chunk: Chunk) -> None:
        flow = connection.flows["downstream"]
        if flow.waiting_bytes >= WAITING_BYTES:
            connection.end(Ending.CUT)  # It asks, and does not listen.
            return
        counts["replies"] += bool(chunk.data)
        flow.put(chunk)

    def _over(self, connection: Connection, ending: Ending) -> None:
        self._connections.discard(connection)
        if ending is not Ending.CLOSED:
            self._counts[ending.value] += 1
        self._passed.update({way: flow.bytes for way, flow in connection.flows.items()})


def _counted(counts: Counter[str], work: Work, chunk: Chunk) -> list[Chunk]:
    passed = list(work(chunk))
    counts["bytes"] += len(chunk.data)
    counts["passed_bytes"] += sum(len(each.data) for each in passed)
    return passed

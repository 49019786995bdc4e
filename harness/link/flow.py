"""One direction of a connection: what comes from one socket goes to another.

Without toxics, bytes go from socket to socket at once; nothing more is read until the receiver has
taken all of them. With toxics, what came waits in a queue that is
bounded, and goes on when it is due.
"""

import asyncio
import socket
from collections import deque
from collections.abc import Callable
from contextlib import suppress

from harness.link.toxics import Chunk, Ending, Work

# Of what came and is not due yet; beyond it, nothing more is read.
WAITING_BYTES = 1024 * 1024
CHUNK_BYTES = 32 * 1024
# What comes at once passes through here; all flows share it, since none leaves anything in it.
# Splicing through a pipe was no faster, and smaller was slower: docs/links.md.
_buffer = bytearray(1024 * 1024)
_view = memoryview(_buffer)


class Flow:
    """One direction.

    Args:
        source: Where it comes from.
        sink: Where it goes.
        ended: Called once, with how it ended.

    Attributes:
        bytes: How many came.
        waiting_bytes: How many of them wait until they are due.
    """

    def __init__(
        self,
        source: socket.socket,
        sink: socket.socket,
        ended: Callable[[Ending], None],
    ) -> None:
        self.bytes = 0
        self._source, self._sink = source, sink
        self._from, self._to = source.fileno(), sink.fileno()
        self._ended = ended
        self._loop = asyncio.get_running_loop()
        self._works: dict[str, Work] = {}
        self._waiting: deque[Chunk] = deque()
        self.waiting_bytes = 0
        self._rest = b""
        self._delivery: asyncio.Task[None] | None = None
        self._changed = asyncio.Event()
        self._more = asyncio.Event()
        self._is_at_end = False

    def begin(self) -> None:
        self._loop.add_reader(self._from, self._readable)

    def stop(self) -> None:
        """Touches its sockets no more."""
        self._is_at_end = True
        if self._delivery is not None:
            self._delivery.cancel()
        self._loop.remove_reader(self._from)
        self._loop.remove_writer(self._to)

    def attach(self, name: str, work: Work) -> None:
        """Has a toxic work on what comes from now on; replaces one of that name."""
        self._works[name] = work
        self._changed.set()

    def detach(self, name: str) -> bool:
        """Ends a toxic; what it held back is passed on at once. Whether it was at work."""
        was_there = self._works.pop(name, None) is not None
        self._changed.set()
        self._more.set()
        return was_there

    def put(self, chunk: Chunk) -> None:
        """Takes something as if it had come from the source."""
        self._waiting.append(chunk)
        self.waiting_bytes += len(chunk.data)
        self._more.set()
        if self._delivery is None and not self._rest:
            self._delivery = self._loop.create_task(self._deliver())

    def _readable(self) -> None:
        try:
            if self._works or self._delivery is not None:
                self._keep()
            else:
                self._pass_on()
        except (BlockingIOError, InterruptedError):
            return
        except OSError:
            self._ended(Ending.RESET)

    def _pass_on(self) -> None:
        came = self._source.recv_into(_buffer)
        if not came:
            self._end()
            return
        self.bytes += came
        taken = 0
        with suppress(BlockingIOError):
            taken = self._sink.send(_view[:came])
        if taken < came:
            self._rest = bytes(_view[taken:came])
            self._loop.remove_reader(self._from)
            self._loop.add_writer(self._to, self._writable)

    def _writable(self) -> None:
        """Goes on with what the receiver did not take at first."""
        try:
            taken = self._sink.send(self._rest)
        except (BlockingIOError, InterruptedError):
            return
        except OSError:
            self._ended(Ending.RESET)
            return
        self._rest = self._rest[taken:]
        if self._rest:
            return
        self._loop.remove_writer(self._to)
        if self._waiting:
            self._delivery = self._loop.create_task(self._deliver())
        self._loop.add_reader(self._from, self._readable)

    def _keep(self) -> None:
        data = self._source.recv(CHUNK_BYTES)
        self.bytes += len(data)
        now_s = self._loop.time()
        if not data:
            self._loop.remove_reader(self._from)
            self._is_at_end = True
        self.put(Chunk(now_s, data, None if data else Ending.CLOSED))
        if self.waiting_bytes >= WAITING_BYTES:
            self._loop.remove_reader(self._from)

    def _end(self) -> None:
        self._is_at_end = True
        self._loop.remove_reader(self._from)
        with suppress(OSError):
            self._sink.shutdown(socket.SHUT_WR)
        self._ended(Ending.CLOSED)

    async def _deliver(self) -> None:
        """Passes on what waits, as toxics have it, until there is nothing and no toxic."""
        try:
            while self._waiting or self._works:
                if not self._waiting:
                    self._more.clear()
                    await self._more.wait()
                    continue
                was_full = self.waiting_bytes >= WAITING_BYTES
                chunk = self._waiting.popleft()
                self.waiting_bytes -= len(chunk.data)
                if was_full and self.waiting_bytes < WAITING_BYTES and not self._is_at_end:
                    self._loop.add_reader(self._from, self._readable)
                if await self._send(self._through(chunk)):
                    return
        except OSError:
            self._ended(Ending.RESET)
        self._delivery = None

    def _through(self, chunk: Chunk) -> list[Chunk]:
        chunks = [chunk]
        for work in list(self._works.values()):
            chunks = [out for one in chunks for out in work(one)]
        return chunks

    async def _send(self, chunks: list[Chunk]) -> bool:
        """Passes on each when it is due. Whether that was the end."""
        self._changed.clear()
        for chunk in chunks:
            await self._until(chunk.due_s)
            if chunk.data:
                await self._loop.sock_sendall(self._sink, chunk.data)
            if chunk.ending is Ending.CLOSED:
                self._end()
            elif chunk.ending:
                self._ended(chunk.ending)
            if chunk.ending:
                return True
        return False

    async def _until(self, due_s: float) -> None:
        """Returns at that time, or as soon as toxics change."""
        if due_s <= self._loop.time() or self._changed.is_set():
            return
        with suppress(TimeoutError):
            async with asyncio.timeout_at(due_s):
                await self._changed.wait()

"""What a link can do to what goes through it: Toxiproxy's toxics, with its names and units.

Nothing here waits. A toxic is given what came, with the moment at which it came, and says what is
to be passed on and when that is due; whoever passes it on keeps to it.
"""

from collections.abc import Callable, Iterable
from enum import Enum
from random import Random
from typing import Annotated, ClassVar, Literal, NamedTuple

from pydantic import BaseModel, ConfigDict, Field

Stream = Literal["upstream", "downstream"]
Milliseconds = Annotated[int, Field(ge=0, le=86_400_000)]
Bytes = Annotated[int, Field(ge=0)]
_SLICES_PER_S = 10


class Ending(Enum):
    """How a direction of a connection ends.

    CLOSED: the sender has nothing more to send. CUT: both directions are closed. RESET: both are,
    and both sides see a reset.
    """

    CLOSED = "closed"
    CUT = "cut"
    RESET = "reset"


class Chunk(NamedTuple):
    """What came, or is to be passed on: bytes, or an ending.

    Attributes:
        due_s: When it came, or when it is to be passed on; by the clock of the event loop.
    """

    due_s: float
    data: bytes = b""
    ending: Ending | None = None

    def later(self, delay_s: float) -> "Chunk":
        return self._replace(due_s=self.due_s + delay_s)


class Start(NamedTuple):
    """What a toxic may use on one connection.

    Attributes:
        chance: The source of what it leaves to chance.
        reply: Sends something to the client as if it came from upstream.
    """

    chance: Random
    reply: Callable[[Chunk], None]


# What becomes of each chunk of one connection, in order.
Work = Callable[[Chunk], Iterable[Chunk]]


class Behaviour(BaseModel):
    """What a toxic does; its fields are the toxic's attributes.

    Attributes:
        only: The one way that it works on, where it has no choice.
        leaves_gaps: A connection that it worked on is of no use without it: it is cut.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)
    only: ClassVar[Stream | None] = None
    leaves_gaps: ClassVar[bool] = False

    @property
    def ends_after_s(self) -> float | None:
        """How long a connection lasts with it; None for as long as it likes."""
        return None

    def start(self, start: Start) -> Work:
        """Begins on one connection."""
        raise NotImplementedError


class Latency(Behaviour):
    """Everything arrives later, by `latency` ± `jitter` milliseconds, and in order."""

    latency: Milliseconds = 0
    jitter: Milliseconds = 0

    def start(self, start: Start) -> Work:
        def work(chunk: Chunk) -> Iterable[Chunk]:
            delay_ms = self.latency + start.chance.uniform(-self.jitter, self.jitter)
            yield chunk.later(max(delay_ms, 0) / 1000 if chunk.data else 0)

        return work


class Bandwidth(Behaviour):
    """No more than `rate` KB/s (of 1000 bytes) get through; 0 is no limit."""

    rate: Annotated[int, Field(ge=0)] = 0

    def start(self, start: Start) -> Work:
        free_s = 0.0

        def work(chunk: Chunk) -> Iterable[Chunk]:
            nonlocal free_s
            if not (self.rate and chunk.data):
                yield chunk
                return
            step = max(self.rate * 1000 // _SLICES_PER_S, 1)
            free_s = max(free_s, chunk.due_s)
            for at in range(0, len(chunk.data), step):
                piece = chunk.data[at : at + step]
                free_s += len(piece) / (self.rate * 1000)
                yield Chunk(free_s, piece)

        return work


class SlowClose(Behaviour):
    """The end of a connection arrives `delay` milliseconds later."""

    delay: Milliseconds = 0

    def start(self, start: Start) -> Work:
        return lambda chunk: [chunk.later(self.delay / 1000 if chunk.ending else 0)]


class Timeout(Behaviour):
    """Nothing arrives; after `timeout` milliseconds the connection is cut, with 0 never."""

    timeout: Milliseconds = 0
    leaves_gaps = True

    @property
    def ends_after_s(self) -> float | None:
        return self.timeout / 1000 if self.timeout else None

    def start(self, start: Start) -> Work:
        return lambda chunk: [chunk] if chunk.ending else []


class ResetPeer(Behaviour):
    """What comes is dropped, and `timeout` milliseconds later both sides see a reset."""

    timeout: Milliseconds = 0

    def start(self, start: Start) -> Work:
        return lambda chunk: [Chunk(chunk.due_s + self.timeout / 1000, ending=Ending.RESET)]


class Slicer(Behaviour):
    """Arrives in pieces of `average_size` ± `size_variation` bytes, `delay` microseconds apart."""

    average_size: Annotated[int, Field(ge=1)] = 1
    size_variation: Bytes = 0
    delay: Annotated[int, Field(ge=0)] = 0

    def start(self, start: Start) -> Work:
        free_s = 0.0
        least = max(self.average_size - self.size_variation, 1)
        most = self.average_size + self.size_variation

        def work(chunk: Chunk) -> Iterable[Chunk]:
            nonlocal free_s
            if not chunk.data:
                yield chunk
                return
            free_s, at = max(free_s, chunk.due_s), 0
            while at < len(chunk.data):
                size = start.chance.randint(least, most)
                yield Chunk(free_s, chunk.data[at : at + size])
                free_s, at = free_s + self.delay / 1_000_000, at + size

        return work


class LimitData(Behaviour):
    """The connection is cut once `bytes` have gone through."""

    bytes: Bytes = 0

    def start(self, start: Start) -> Work:
        left = self.bytes

        def work(chunk: Chunk) -> Iterable[Chunk]:
            nonlocal left
            data = chunk.data[:left]
            left -= len(data)
            if data or chunk.ending:
                yield chunk._replace(data=data)
            if left <= 0 and not chunk.ending:
                yield Chunk(chunk.due_s, ending=Ending.CUT)

        return work

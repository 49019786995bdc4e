"""Who uses a system while it is broken: what a suite gives to the matrix of faults.

A module that an environment file names (`faults.workload`) has a function

    def workload(means: Means, seed: int) -> AbstractAsyncContextManager[Workload]

that makes users on entering and removes them on leaving.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

Answer = Literal["served", "refused"]


@dataclass(frozen=True, slots=True)
class Use:
    """One thing that users do.

    Attributes:
        name: What it is: `reads a secret`.
        through: The services that it needs, besides what these depend on.
        ask: Does it once, and waits for the answer so many seconds. `served`: it succeeded, and
            what came is right; `refused`: an error as the contract has it. Raises AssertionError
            for an answer that is neither (a wrong success, an error in other words, internals
            that show), Unreachable where none came.
        limit_s: How long it may take at most, whatever is broken.
        silent_limit_s: The same, where a service that it needs does not answer at all: then it is
            for whoever stands in front of it to give up.
    """

    name: str
    through: frozenset[str]
    ask: Callable[[float], Awaitable[Answer]]
    limit_s: float
    silent_limit_s: float


class Workload(Protocol):
    """Users, and a writer who goes on writing all the time.

    Attributes:
        uses: What users do.
    """

    uses: Sequence[Use]

    def writes(self) -> tuple[int, int]:
        """How many writes were acknowledged so far, and of how many it is not known."""
        ...

    async def lost(self) -> list[str]:
        """Once all is well: a sentence for each acknowledged write that is not there, and for
        each thing that is there and nobody wrote. The writer pauses meanwhile.
        """
        ...

"""The parts of a run, one after the other."""

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from harness.runner import Means, Runner

if TYPE_CHECKING:
    from harness.verification import Verification


class Phase(Protocol):
    """A part of a run; what is declared for it does not all come from the plan."""

    async def run(self, run: "Verification", means: Means) -> None:
        """Reports results and troubles to `run`."""
        ...


class Checks:
    """All checks of the plan, once."""

    async def run(self, run: "Verification", means: Means) -> None:
        await Runner(run.plan, means, run.on_result).run()


@dataclass(frozen=True, slots=True)
class Whole:
    """Phases that all have their say, also after one in which something has failed."""

    phases: tuple[Phase, ...]

    async def run(self, run: "Verification", means: Means) -> None:
        for phase in self.phases:
            await phase.run(run, means)


@dataclass(frozen=True, slots=True)
class Limited:
    """A phase with a time limit of its own; what is not over by then makes a HOLD."""

    name: str
    phase: Phase
    limit_s: float

    async def run(self, run: "Verification", means: Means) -> None:
        limit = asyncio.timeout(self.limit_s)
        try:
            async with limit:
                await self.phase.run(run, means)
        except TimeoutError:
            if not limit.expired():
                raise
            run.trouble(f"{self.name} was not over after {self.limit_s:g} s")

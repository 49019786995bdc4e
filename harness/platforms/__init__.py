"""Platforms: what runs where, and how it is brought back. A file each; its name is the platform's.

Each file has `connect(place)`, which returns a `Platform`. A platform drives the tool that a person
would use, and believes what it reads afterwards, not how the tool ended.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from harness.deployment import Artifact, State, Vector
from harness.environment import Environment


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a platform is asked.

    Attributes:
        environment: With its references filled in.
        file: Its file; what a platform keeps on this machine is named after it.
        references: Those of its stack, where one is up here.
        limit_s: For one operation of the platform, such as a rollback, from asking to its end.
        progress: Gets a line for each step.
    """

    environment: Environment
    file: Path
    references: Mapping[str, str]
    limit_s: float
    progress: Callable[[str], None]


class Platform(Protocol):
    """What the gate needs of a platform.

    Every method raises `PlatformError` where the platform cannot be asked, or says what is no
    answer; `UsageError` where a tool is missing, in words that say how to get it. Each comes to an
    end by itself.
    """

    async def identify(self) -> State:
        """What runs now, of every declared service that is deployed there."""
        ...

    async def list(self) -> Mapping[str, tuple[Artifact, ...]]:
        """What the platform itself remembers of each service, the newest first.

        Nothing for a service where it keeps no list: then the ledger alone knows.
        """
        ...

    async def obtainable(self, target: Vector) -> Sequence[str]:
        """What keeps these artifacts from being brought back, a line each; none: they can be."""
        ...

    async def roll_back(self, target: Vector) -> None:
        """Has exactly these artifacts brought back. Its return proves nothing: confirm it."""
        ...

    async def wait(self) -> None:
        """Returns when no operation is under way any more.

        Raises:
            PlatformError: One still is, at the limit.
        """
        ...

    async def confirm(self, target: Vector) -> Sequence[str]:
        """Reads the state again: what differs from this vector, a line each; none: it runs."""
        ...

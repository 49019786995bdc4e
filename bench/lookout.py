"""When a release serves alone again, as seen from beside the gate that brings it back.

It costs the gate next to nothing: nobody is asked before the verdict is written, and from then on
the platform, which is cheap to ask. Once the platform says that nothing else runs, every service
must say so too, as callers reach it, through the edge.
"""

import asyncio
import os
import threading
import time
from pathlib import Path
from types import TracebackType
from typing import Self

from harness.checks.release import sightings
from harness.environment import Environment, parse, resolve
from harness.errors import ContractViolation, HarnessError
from harness.exchange import EvidenceClient
from harness.network import Network
from harness.stack import control
from harness.stack.state import StateDirectory
from harness.target import Target

POLL_S = 0.02


class Lookout:
    """Looks out in a thread of its own while the block lasts.

    Args:
        file: The environment's; its stack is up.
        state: The stack's.
        release: Which one is to serve.
        after: A file; until it is there, nobody is asked.

    Attributes:
        seen_at: When it was first seen to serve alone, in seconds since the epoch; None: not yet.
    """

    def __init__(self, file: Path, state: StateDirectory, release: str, *, after: Path) -> None:
        self.seen_at: float | None = None
        self._environment = resolve(parse(file), state.references() or {}, os.environ)
        self._state = state
        self._release = release
        self._after = after
        self._is_over = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._look()))

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self._is_over.set()
        self._thread.join()

    async def _look(self) -> None:
        client = EvidenceClient(Network.of(self._environment))
        client.prepare()
        try:
            while self.seen_at is None and not self._is_over.is_set():
                await asyncio.sleep(POLL_S)
                if not self._after.exists() or not serves_alone(self._state.path, self._release):
                    continue
                if await told(self._environment, client) == {self._release}:
                    self.seen_at = time.time()
        finally:
            await client.close()


def serves_alone(state_dir: Path, release: str) -> bool:
    """Whether the platform says so, of every service."""
    try:
        status = control.status(state_dir)
    except HarnessError:
        return False
    return all(
        service["instances"] and all(each["release"] == release for each in service["instances"])
        for service in status["services"].values()
    )


async def told(environment: Environment, client: EvidenceClient) -> set[str | None]:
    """The releases that all services say they are; None for one that does not say."""
    found: set[str | None] = set()
    for name, service in environment.services.items():
        asked = service.release.via or name
        try:
            target = Target(asked, environment.services[asked], client)
            answer = await target.get(target.service.health.path, expect=200)
        except (HarnessError, ContractViolation):
            return {None}
        found |= {each.release for each in sightings(Target(name, service, client), answer)}
    return found

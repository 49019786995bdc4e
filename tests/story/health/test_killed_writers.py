"""Services are killed and PostgreSQL restarted while somebody writes: nothing acknowledged is lost.

How often, the Makefile says; without it, often enough to see that it works.
"""

import asyncio
import os
import random
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import pytest

from harness.confirmation import Budget
from harness.environment import find, parse
from harness.exchange import EvidenceClient
from harness.journal import Journal, left_in
from harness.lease import filled_in
from harness.matrix.workload import Workload
from harness.network import Network
from harness.redaction import Redactor
from harness.runner import Means
from harness.stack import control
from harness.stack.launch import Wanted, running
from suites.health.workload import workload

KILLS = int(os.environ.get("STORY_SERVICE_KILLS", "8"))
RESTARTS = int(os.environ.get("STORY_RESTARTS", "2"))
SERVICES = ("auth", "account", "keys", "gateway")
POSTGRES = "postgres"
SEED = 11
# After so many breaks it is looked whether all is there; by then a few hundred were written.
LOOK_AFTER = 5
# A break may come while the last one is not over; how long there is peace, at most.
PEACE_S = 0.6
LIMIT_S = 60.0


@dataclass
class Place:
    """A stack that is broken again and again, and who writes to it."""

    state: Path
    going_on: Workload
    breaks: Counter[str] = field(default_factory=Counter)

    async def breaks_down(self, what: str, *, at_once: bool) -> None:
        await asyncio.to_thread(partial(control.stop, self.state, what, at_once=at_once))
        await asyncio.to_thread(control.start, self.state, what)
        self.breaks[what] += 1

    async def writes_again(self) -> None:
        """Returns once something is acknowledged by each service that stores something."""
        before = self.going_on.writes()[0]
        uses = [use for use in self.going_on.uses if "frontend" not in use.through]
        deadline_s = time.monotonic() + LIMIT_S
        while True:
            asked = (use.ask(use.limit_s) for use in uses)
            answers = await asyncio.gather(*asked, return_exceptions=True)
            if set(answers) == {"served"} and self.going_on.writes()[0] > before:
                return
            assert time.monotonic() < deadline_s, answers
            await asyncio.sleep(0.05)


@asynccontextmanager
async def at_work(folder: Path, references: dict[str, str], state: Path) -> AsyncIterator[Place]:
    environment = filled_in(parse(find("local")), references)
    client = EvidenceClient(Network.of(environment))
    means = Means(
        environment=environment,
        client=client,
        journal=Journal(folder, "story"),
        secrets=Redactor([]),
        budget=Budget(),
    )
    try:
        async with workload(means, SEED) as going_on:
            yield Place(state, going_on)
    finally:
        await client.close()


def plan() -> list[tuple[str, bool]]:
    """What is broken when, and whether by SIGKILL: services in turn, the database in between."""
    chance = random.Random(SEED)
    kills = [(SERVICES[number % len(SERVICES)], True) for number in range(KILLS)]
    restarts = [(POSTGRES, number % 2 == 0) for number in range(RESTARTS)]
    for number, restart in enumerate(restarts):
        part = len(kills) // (RESTARTS or 1)
        kills.insert(number * (part + 1) + chance.randrange(part + 1), restart)
    return kills


@pytest.mark.timeout(300 + 3 * KILLS + 10 * RESTARTS)
def test_no_acknowledged_write_is_lost(tmp_path: Path) -> None:
    state, chance = tmp_path / "state", random.Random(SEED)

    async def run(references: dict[str, str]) -> tuple[Place, tuple[int, int]]:
        async with at_work(tmp_path, references, state) as place:
            for number, (what, at_once) in enumerate(plan(), 1):
                await asyncio.sleep(chance.uniform(0, PEACE_S))
                await place.breaks_down(what, at_once=at_once)
                if number % LOOK_AFTER == 0 or number == KILLS + RESTARTS:
                    await place.writes_again()
                    assert await place.going_on.lost() == [], (number, what)
            return place, place.going_on.writes()

    began_s = time.monotonic()
    with running(Wanted(env="local", state_dir=state), progress=_silent) as references:
        place, (acknowledged, unknown) = asyncio.run(run(dict(references)))
    print(  # noqa: T201 - the figures of a soak
        f"\n{dict(place.breaks)}, {acknowledged} writes acknowledged, {unknown} unknown, 0 lost, "
        f"{(time.monotonic() - began_s) / 60:.1f} min"
    )
    assert place.breaks == Counter(what for what, _ in plan())
    assert acknowledged > KILLS + RESTARTS
    assert unknown > 0, "it was never broken while somebody wrote"
    assert left_in(tmp_path) == []


_silent: Callable[[str], None] = lambda _: None  # noqa: E731

"""The longest chains of requests begin first and are not held up by short ones."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

from harness.attempt import Limits
from harness.check import check, resource
from harness.model import Outcome
from tests.harness.verifying import checks_of, environment, outcomes, verified

WHERE = environment({"a": "http://127.0.0.1:9"})


def test_what_others_wait_for_goes_first(tmp_path: Path) -> None:
    order: list[str] = []

    @resource
    async def thing() -> AsyncIterator[str]:
        """What the last check needs."""
        order.append("thing")
        yield "thing"

    @check(service="a")
    async def needs_nothing() -> None:
        """Stands first in the file."""
        order.append("needs_nothing")

    @check(service="a")
    async def needs_it(thing: str) -> None:
        """Stands last."""
        order.append("needs_it")

    checks = checks_of(needs_nothing, needs_it)
    asyncio.run(verified(WHERE, checks, tmp_path / "run", thing))
    assert order[0] == "thing"


def test_checks_that_need_nothing_do_not_hold_up_those_that_waited(tmp_path: Path) -> None:
    had_its_turn = asyncio.Event()

    @resource
    async def thing() -> AsyncIterator[str]:
        """Takes a moment."""
        await asyncio.sleep(0)
        yield "thing"

    @check(service="a")
    async def needs_it(thing: str) -> None:
        """Comes when every place is taken."""
        had_its_turn.set()

    @check(service="a")
    async def takes_a_place() -> None:
        """Stays until the other has had its turn."""
        async with asyncio.timeout(2):
            await had_its_turn.wait()

    [waiting, first] = checks_of(needs_it, takes_a_place)
    every = [type(first)(id=f"{first.id}_{n}", service="a", function=first.function)
             for n in range(Limits().at_once + 5)]  # fmt: skip
    record = asyncio.run(verified(WHERE, [*every, waiting], tmp_path / "run", thing))
    assert set(outcomes(record).values()) == {Outcome.PASS}

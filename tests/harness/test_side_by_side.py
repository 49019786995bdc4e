"""Resources that do not need each other are set up, and removed, at the same time."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from harness.check import check, resource
from harness.errors import ContractViolation
from harness.model import Outcome, RunRecord
from tests.harness.verifying import checks_of, environment, outcomes, verified


@check(service="a")
async def needs_both(left: str, right: str) -> None:
    """Needs both."""
    assert (left, right) == ("left", "right")


def run(directory: Path, *resources: object) -> RunRecord:
    where = environment({"a": "http://127.0.0.1:9"})
    return asyncio.run(
        verified(where, checks_of(needs_both), directory / "run", *resources)  # type: ignore[arg-type]
    )


class Meeting:
    """Two who wait for each other: apart they would wait in vain."""

    def __init__(self) -> None:
        self.barrier = asyncio.Barrier(2)

    async def meet(self) -> None:
        async with asyncio.timeout(3):
            await self.barrier.wait()


@pytest.mark.parametrize("when", ["set-up", "removal"])
def test_both_are_under_way_together(tmp_path: Path, when: str) -> None:
    meeting = Meeting()

    @resource
    async def left() -> AsyncIterator[str]:
        """One."""
        if when == "set-up":
            await meeting.meet()
        yield "left"
        if when == "removal":
            await meeting.meet()

    @resource
    async def right() -> AsyncIterator[str]:
        """Another one."""
        if when == "set-up":
            await meeting.meet()
        yield "right"
        if when == "removal":
            await meeting.meet()

    record = run(tmp_path, left, right)
    assert set(outcomes(record).values()) == {Outcome.PASS}


def test_what_is_needed_goes_after_all_that_need_it(tmp_path: Path) -> None:
    gone: list[str] = []

    @resource
    async def ground() -> AsyncIterator[str]:
        """What both stand on."""
        yield "ground"
        gone.append("ground")

    @resource
    async def left(ground: str) -> AsyncIterator[str]:
        """Stands on it."""
        yield "left"
        await asyncio.sleep(0.02)
        gone.append("left")

    @resource
    async def right(left: str) -> AsyncIterator[str]:
        """Stands on what stands on it."""
        yield "right"
        await asyncio.sleep(0.02)
        gone.append("right")

    run(tmp_path, ground, left, right)
    assert gone == ["right", "left", "ground"]


def test_one_that_fails_keeps_nobody_from_removing_the_other(tmp_path: Path) -> None:
    gone: list[str] = []

    @resource
    async def left() -> AsyncIterator[str]:
        """Is made later."""
        await asyncio.sleep(0.02)
        yield "left"
        gone.append("left")

    @resource
    async def right() -> str:
        """Cannot be made."""
        raise ContractViolation("no")

    record = run(tmp_path, left, right)
    assert outcomes(record) == {
        "needs_both": Outcome.SKIPPED,
        "resource.left": Outcome.PASS,
        "resource.right": Outcome.FAIL,
    }
    assert gone == ["left"]

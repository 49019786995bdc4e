"""What is done at the same time ends as a whole, and each part is a step of its own."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from harness.attempt import Limits, attempt
from harness.check import check, step
from harness.errors import ContractViolation, NoData
from harness.model import Outcome, Result
from harness.target import Target
from harness.trail import Trail
from suites.keyarc.together import together
from tests.harness.server import Answer, Seen, serving
from tests.harness.verifying import checks_of, environment, only, verified


async def value(name: str) -> str:
    await asyncio.sleep(0)
    return name


async def failing(error: Exception, after: asyncio.Event | None = None) -> str:
    if after is not None:
        await after.wait()
    raise error


def test_values_come_back_by_name() -> None:
    assert asyncio.run(together({"b": value("1"), "a": value("2")})) == {"b": "1", "a": "2"}


def test_one_failure_is_raised_once_all_have_ended() -> None:
    async def run() -> None:
        ended = asyncio.Event()

        async def slow() -> str:
            await asyncio.sleep(0.02)
            ended.set()
            return ""

        with pytest.raises(ContractViolation, match="wrong"):
            await together({"fails": failing(ContractViolation("wrong")), "slow": slow()})
        assert ended.is_set()

    asyncio.run(run())


def test_a_failure_is_not_masked_by_what_saw_nothing() -> None:
    async def work(_cleanup: object) -> None:
        parts: dict[str, Awaitable[str]] = {
            "limited": failing(NoData("429")),
            "wrong": failing(ContractViolation("wrong")),
        }
        await together(parts)

    finding = asyncio.run(attempt(work, Limits())).finding(set())
    assert (finding.outcome, finding.message) == (Outcome.FAIL, "wrong")


def test_cancelling_the_whole_cancels_the_parts() -> None:
    async def run() -> list[str]:
        ended: list[str] = []

        async def waits() -> None:
            try:
                await asyncio.Event().wait()
            finally:
                ended.append("part")

        task = asyncio.create_task(together({"a": waits(), "b": waits()}))
        await asyncio.sleep(0.01)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        return ended

    assert asyncio.run(run()) == ["part", "part"]


def test_steps_nest_and_do_not_mix() -> None:
    async def inner(name: str) -> None:
        with step(name):
            await asyncio.sleep(0)

    async def run() -> Trail:
        with Trail().followed() as trail, step("outer"):
            await together({"a": inner("x"), "b": inner("y")})
        return trail

    names = {step.name for step in asyncio.run(run()).steps}
    assert names == {"outer", "outer / a", "outer / a / x", "outer / b", "outer / b / y"}


def asked(directory: Path, check_function: Callable[..., Awaitable[None]]) -> Result:
    """What became of a check; `/slow` answers when `/fast` has been asked and answered."""

    async def handler(seen: Seen) -> Answer:
        if seen.path == "/slow":
            await asyncio.sleep(0.05)
        return Answer(status=403 if seen.path == "/wrong" else 200)

    async def inside() -> Result:
        async with serving(handler) as server:
            where = environment({"a": server.url})
            return only(await verified(where, checks_of(check_function), directory / "run"))

    return asyncio.run(inside())


def test_curl_repeats_the_request_that_failed_not_the_one_that_ended_last(tmp_path: Path) -> None:
    @check(service="a")
    async def asks(target: Target) -> None:
        """Asks twice."""
        await together(
            {"wrong": target.get("/wrong", expect=200), "slow": target.get("/slow", expect=200)}
        )

    result = asked(tmp_path, asks)
    [one] = result.attempts
    assert [exchange.url.rpartition("/")[2] for exchange in one.exchanges] == ["wrong", "slow"]
    assert (result.outcome, one.decisive) == (Outcome.FAIL, 0)
    assert result.curl.endswith("/wrong")


def test_a_failure_within_nested_steps_is_that_of_the_inner_one(tmp_path: Path) -> None:
    @check(service="a")
    async def asks(target: Target) -> None:
        """Asks thrice, and again when it has failed."""
        try:
            with step("outer"):
                parts = {"wrong": target.get("/wrong", expect=200), "slow": target.get("/slow")}
                await together(parts)
        finally:
            with step("afterwards"):
                await target.get("/after")

    assert asked(tmp_path, asks).curl.endswith("/wrong")


def test_where_several_fail_curl_repeats_one_of_them(tmp_path: Path) -> None:
    @check(service="a")
    async def asks(target: Target) -> None:
        """Asks four times."""
        with step("outer"):
            await together(
                {
                    "first": target.get("/wrong", expect=200),
                    "second": target.get("/wrong", expect=200),
                    "slow": target.get("/slow"),
                }
            )

    assert asked(tmp_path, asks).curl.endswith("/wrong")


def test_a_failure_outside_of_steps_is_that_of_the_last_request(tmp_path: Path) -> None:
    @check(service="a")
    async def asks(target: Target) -> None:
        """Asks twice."""
        with step("first"):
            await target.get("/x")
        await target.get("/wrong", expect=200)

    assert asked(tmp_path, asks).curl.endswith("/wrong")

"""A declared rate is kept, by everything that a run asks, and costs nobody their time."""

import asyncio
import time
from dataclasses import replace
from pathlib import Path

import pytest

from harness.attempt import Limits, attempt
from harness.check import check
from harness.environment import Environment, Service
from harness.environment.policy import Policy
from harness.exchange import EvidenceClient
from harness.model import Outcome, RunRecord
from harness.pace import Pace
from harness.target import Target
from harness.trail import Trail
from tests.harness.server import Answer, serving
from tests.harness.verifying import checks_of, environment, outcomes, verified


def departures(rate: float, asked_s: list[float]) -> list[float]:
    """When requests leave that are ready at these times."""
    pace = Pace(rate)
    return [ready + pace.wait_s(ready) for ready in asked_s]


def place(url: str, rate: float) -> Environment:
    return environment({"a": url}).model_copy(update={"policy": Policy(max_rate=rate)})


def most_in_a_second(left_s: list[float]) -> int:
    return max(sum(begin <= one < begin + 1 for one in left_s) for begin in left_s)


@pytest.mark.parametrize("rate", [0.5, 1, 4, 50, 333.3])
@pytest.mark.parametrize("count", [1, 10, 400])
def test_many_at_once_take_their_time(rate: float, count: int) -> None:
    left = departures(rate, [100.0] * count)
    burst = max(1.0, rate)
    assert left[-1] - 100 == pytest.approx(max(0, (count - burst) / rate), abs=1e-6)
    assert most_in_a_second(left) <= rate + burst + 1e-6
    assert left == sorted(left)


def test_who_asks_slowly_never_waits() -> None:
    asked = [100 + number / 4 for number in range(40)]
    assert departures(4, asked) == asked


def test_no_more_is_saved_up_than_a_second_is_worth() -> None:
    left = departures(10, [100.0] + [1000.0] * 30)
    assert sum(each < 1000.01 for each in left[1:]) == 10
    assert left[-1] == pytest.approx(1002)


def test_processes_keep_a_rate_together() -> None:
    pace = Pace.of(place("http://127.0.0.1", 12), 3)
    assert pace is not None
    waits = [pace.wait_s(100.0) for _ in range(12)]
    assert waits[-1] == pytest.approx((12 - 4) / 4)


def test_without_a_rate_there_is_nothing_to_keep() -> None:
    assert Pace.of(environment({"a": "http://127.0.0.1"})) is None


def test_requests_leave_no_faster_than_the_rate() -> None:
    arrived: list[float] = []

    def handler(seen: object) -> Answer:
        arrived.append(time.monotonic())
        return Answer()

    async def run() -> None:
        async with serving(handler) as server:
            client = EvidenceClient(pace=Pace(20))
            target = Target("a", Service(url=server.url), client)
            # A single second of that rate would be over for the last ones.
            async with asyncio.TaskGroup() as group:
                for _ in range(30):
                    group.create_task(target.get("/x", timeout_s=0.4))
            await client.close()

    asyncio.run(run())
    assert arrived[-1] - arrived[0] >= (30 - 20) / 20 - 0.05
    assert most_in_a_second(arrived) <= 40


def test_waiting_for_a_turn_is_no_time_of_the_request_or_the_check() -> None:
    async def run() -> tuple[BaseException | None, Trail]:
        async with serving(lambda seen: Answer()) as server:
            client = EvidenceClient(pace=Pace(2))
            target = Target("a", Service(url=server.url), client)

            async def work(cleanup: object) -> None:
                for _ in range(4):
                    await target.get("/x", timeout_s=0.4)

            ended = await attempt(work, Limits(work_s=0.6, cleanup_s=0.1))
            await client.close()
            return ended.error, ended.trail

    error, trail = asyncio.run(run())
    assert error is None
    assert len(trail.exchanges) == 4
    assert max(exchange.duration_ms for exchange in trail.exchanges) < 400


def test_nor_is_it_of_what_is_cleaned_up() -> None:
    async def run() -> BaseException | None:
        async with serving(lambda seen: Answer()) as server:
            client = EvidenceClient(pace=Pace(2))
            target = Target("a", Service(url=server.url), client)

            async def work(cleanup: object) -> None:
                for _ in range(3):
                    cleanup.push_async_callback(target.delete, "/x")  # type: ignore[attr-defined]

            ended = await attempt(work, Limits(work_s=0.2, cleanup_s=0.3))
            await client.close()
            return ended.error

    assert asyncio.run(run()) is None


def test_nor_of_those_who_read_the_same_answer() -> None:
    async def run() -> list[BaseException | None]:
        async with serving(lambda seen: Answer()) as server:
            client = EvidenceClient(pace=Pace(1.5))
            target = Target("a", Service(url=server.url), client)
            await target.get("/x")

            async def work(cleanup: object) -> None:
                await target.get("/x", shared=True)

            limits = Limits(work_s=0.2, cleanup_s=0.1)
            first, second = await asyncio.gather(attempt(work, limits), attempt(work, limits))
            await client.close()
            assert len(server.seen) == 2
            return [first.error, second.error]

    assert asyncio.run(run()) == [None, None]


def test_a_verification_keeps_the_rate_of_its_environment(tmp_path: Path) -> None:
    arrived: list[float] = []

    def handler(seen: object) -> Answer:
        arrived.append(time.monotonic())
        return Answer()

    async def inside() -> RunRecord:
        async with serving(handler) as server:
            checks = [
                replace(each, id=f"{number}") for number in range(5) for each in checks_of(one)
            ]
            return await verified(place(server.url, 4), checks, tmp_path / "run")

    assert set(outcomes(asyncio.run(inside())).values()) == {Outcome.PASS}
    assert arrived[-1] - arrived[0] >= 0.2


@check(service="a")
async def one(target: Target) -> None:
    """Asks for itself."""
    await target.get("/x", expect=200)

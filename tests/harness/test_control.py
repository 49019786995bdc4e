"""Whose silence is it? And what comes after all else in a run."""

import asyncio
from dataclasses import replace
from pathlib import Path

from harness.check import check
from harness.exchange import Traffic
from harness.model import Outcome
from harness.target import Target
from tests.harness.server import Answer, serving
from tests.harness.verifying import checks_of, environment, outcomes, verified

SILENT = "http://keyarc.invalid"


@check(service="a")
async def asks(target: Target) -> None:
    """Asks."""
    await target.get("/x", expect=200)


def of_silence(folder: Path, control_url: str | None) -> Outcome:
    where = environment({"a": SILENT}).model_copy(update={"control_url": control_url})
    return outcomes(asyncio.run(verified(where, checks_of(asks), folder / "run")))["asks"]


def test_silence_of_all_is_an_error_for_it_may_be_us(tmp_path: Path) -> None:
    assert of_silence(tmp_path, None) is Outcome.ERROR


def test_silence_of_the_control_too_is_an_error(tmp_path: Path) -> None:
    assert of_silence(tmp_path, "http://also-keyarc.invalid/x") is Outcome.ERROR


def test_silence_is_the_systems_where_the_control_answers(tmp_path: Path) -> None:
    async def inside() -> Outcome:
        async with serving(lambda seen: Answer(status=503)) as server:
            where = environment({"a": SILENT}).model_copy(update={"control_url": server.url})
            record = await verified(where, checks_of(asks), tmp_path / "run")
            assert [seen.path for seen in server.seen] == ["/"]
            return outcomes(record)["asks"]

    assert asyncio.run(inside()) is Outcome.FAIL


def test_a_control_that_is_not_needed_is_not_asked(tmp_path: Path) -> None:
    async def inside() -> int:
        async with serving(lambda seen: Answer()) as server:
            where = environment({"a": server.url})
            where = where.model_copy(update={"control_url": f"{server.url}/control"})
            await verified(where, checks_of(asks), tmp_path / "run")
            return sum(seen.path == "/control" for seen in server.seen)

    assert asyncio.run(inside()) == 0


def test_what_is_last_sees_the_traffic_of_all_others(tmp_path: Path) -> None:
    seen: list[tuple[int, list[str]]] = []

    @check(service="a")
    async def looks(traffic: Traffic) -> None:
        """Looks at the run."""
        seen.append((traffic.requests, traffic.failures))

    @check(service="a")
    async def meets_a_failure(target: Target) -> None:
        """Gets a 503, which it expects, and a 500, which it does not."""
        await target.get("/expected", expect=503)
        await target.get("/x", expect=200)

    async def inside() -> None:
        def answer(request: object) -> Answer:
            return Answer(status=503 if getattr(request, "path", "") == "/expected" else 500)

        async with serving(answer) as server:
            last, other = checks_of(looks, meets_a_failure)
            checks = [replace(last, service=None, last=True), other]
            await verified(environment({"a": server.url}), checks, tmp_path / "run")

    asyncio.run(inside())
    assert seen == [(3, ["GET /x: 500", "GET /x: 500"])]

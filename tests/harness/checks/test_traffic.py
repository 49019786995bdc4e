"""One failure in many is borne, one in ten is not, and nothing sent is nothing known."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from harness.check import check
from harness.checks.traffic import answers_all_along, derive
from harness.environment import Environment
from harness.environment.policy import Slo
from harness.errors import ContractViolation, NoData
from harness.exchange import Traffic
from harness.model import Outcome
from harness.target import Target
from tests.harness.server import Answer, Seen, serving
from tests.harness.verifying import checks_of, environment, outcomes, verified


def judged(requests: int, failures: list[str], **slo: Any) -> None:
    where = Environment.model_validate(
        {"name": "test", "services": {"a": {"url": "http://a.test"}}, "slo": slo}
    )
    asyncio.run(answers_all_along(Traffic(requests, failures), where))


@pytest.mark.parametrize(("requests", "failures"), [(1, 0), (1, 1), (100, 2), (1000, 20)], ids=str)
def test_few_failures_are_borne(requests: int, failures: int) -> None:
    judged(requests, ["GET /x: 503"] * failures)


@pytest.mark.parametrize(("requests", "failures"), [(2, 2), (99, 2), (1000, 21)], ids=str)
def test_too_many_failures_are_told(requests: int, failures: int) -> None:
    with pytest.raises(ContractViolation) as caught:
        judged(requests, ["GET /x: 503"] * failures)
    told = f"{failures} of {requests} requests ended in a 5xx or in no answer"
    assert (told, "at most 2 %", f"{failures} of: GET /x: 503") == (
        caught.value.message,
        caught.value.expected,
        caught.value.came,
    )


def test_the_environment_says_how_many_are_too_many() -> None:
    judged(10, ["x"] * 5, error_ratio=0.5)
    judged(10, ["x"] * 5, min_failures=6)
    with pytest.raises(ContractViolation, match=r"at most 0\.5 %"):
        judged(1000, ["x"] * 6, error_ratio=0.005)
    with pytest.raises(ContractViolation, match="at most 0 %"):
        judged(1000, ["x"], error_ratio=0, min_failures=1)


def test_the_most_frequent_failures_are_shown_and_the_rest_counted() -> None:
    lines = [line for n in range(7) for line in [f"GET /{n}: 500"] * (7 - n)]
    with pytest.raises(ContractViolation) as caught:
        judged(30, lines)
    assert caught.value.came.startswith("7 of: GET /0: 500; 6 of: GET /1: 500; ")
    assert caught.value.came.endswith("3 of: GET /4: 500; 3 more")


def test_nothing_sent_is_nothing_known() -> None:
    with pytest.raises(NoData, match="no request was sent"):
        judged(0, [])


def test_it_looks_at_the_requests_of_all_checks_after_them(tmp_path: Path) -> None:
    left = [Answer(status=500)]

    def once_wrong(seen: Seen) -> Answer:
        return left.pop() if left else Answer()

    @check(service="a")
    async def asks(target: Target) -> None:
        """It answers."""
        await target.get("/x", expect=200)

    async def run() -> dict[str, Outcome]:
        async with serving(once_wrong) as server:
            where = environment({"a": server.url})
            where = where.model_copy(update={"slo": Slo(min_failures=1)})
            checks = [*derive(where), *checks_of(asks)]
            return outcomes(await verified(where, checks, tmp_path / "run"))

    # It went away when it was looked for again: a flake for the check alone.
    assert {"asks": Outcome.FLAKY, "traffic.failures": Outcome.FAIL} == asyncio.run(run())


def test_a_run_without_requests_holds(tmp_path: Path) -> None:
    where = environment({"a": "http://a.invalid"})
    record = asyncio.run(verified(where, list(derive(where)), tmp_path / "run"))
    assert {"traffic.failures": Outcome.NO_DATA} == outcomes(record)
    assert "HOLD" == record.judgement.verdict

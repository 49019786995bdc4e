"""One call in five that is late is found; so is one whose body and status code disagree."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from harness.model import Outcome
from tests.harness.server import Answer, Seen
from tests.harness.truth.telling import always, entry, healthy, in_turn, run, said

QUICK = {"within_s": 0.2}


def late(number: int) -> Callable[[Seen], Awaitable[Answer]]:
    """Late at one of its calls."""
    calls = iter(range(1, 100))

    async def handler(seen: Seen) -> Answer:
        if next(calls) == number:
            await asyncio.sleep(0.3)
        return healthy(seen)

    return handler


def test_who_answers_in_time_passes(tmp_path: Path) -> None:
    result = run(tmp_path, "in_time", healthy, health=QUICK)
    assert (result.outcome, len(result.attempts[0].exchanges)) == (Outcome.PASS, 5)


@pytest.mark.parametrize("number", [1, 5])
def test_the_slowest_of_five_calls_counts(tmp_path: Path, number: int) -> None:
    result = run(tmp_path, "in_time", late(number), health=QUICK)
    assert (result.outcome, result.message) == (Outcome.FAIL, "GET /health: too late")
    assert result.expected == "an answer within 0.2 s (health.within_s)"
    assert result.came.startswith("one after 0.3")


def test_body_and_status_code_agree_at_each_call(tmp_path: Path) -> None:
    wrong = said("fail", postgres=entry("fail"))
    wrong.status = 200
    answers = [said(postgres=entry())] * 3 + [wrong]
    result = run(tmp_path, "in_time", in_turn(*answers))
    assert (result.outcome, result.message) == (Outcome.FAIL, "body and status code disagree")


def test_who_is_unhealthy_says_so_in_time(tmp_path: Path) -> None:
    down = said("fail", postgres=entry("fail"))
    assert Outcome.PASS is run(tmp_path, "in_time", always(down), health=QUICK).outcome


@pytest.mark.parametrize(
    ("seen", "outcome"),
    [
        (entry(observedValue=1900), Outcome.PASS),
        (entry(observedValue=2100.0), Outcome.FAIL),
        (entry(observedValue=float("nan")), Outcome.FAIL),
        (entry(observedValue="fast"), Outcome.NO_DATA),
        (entry(observedUnit="s"), Outcome.NO_DATA),
    ],
)
def test_of_a_private_service_the_one_before_it_tells_how_long_it_took(
    tmp_path: Path, seen: dict[str, object], outcome: Outcome
) -> None:
    result = run(tmp_path, "in_time", always(said(postgres=entry(), back=seen)), "back")
    assert outcome is result.outcome
    if outcome is Outcome.FAIL:
        assert result.message == "back, as one sees it: too late"

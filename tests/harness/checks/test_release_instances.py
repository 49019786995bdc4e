"""Instances that were not seen are never assumed, and one with a wrong release is found."""

import asyncio
import json
from pathlib import Path

import pytest

from harness.checks import release
from harness.model import Outcome
from tests.harness.checks.releasing import behind, body, requests, run, run_behind, saying
from tests.harness.server import Answer


def test_every_instance_is_met_with_few_requests(tmp_path: Path) -> None:
    instances = [body(instance=f"auth-{n}") for n in range(4)]
    result = run(tmp_path, saying(*instances), instances=4)
    assert (result.outcome, requests(result)) == (Outcome.PASS, 5)


def test_an_instance_that_is_seldom_met_is_waited_for(tmp_path: Path) -> None:
    """As behind a proxy that keeps to one connection until there are many requests at a time."""
    rounds = [asyncio.Barrier(size) for size in (3, 6, 12)]
    seats = iter([one for one in rounds for _ in range(one.parties)])

    async def handler(seen: object) -> Answer:
        mine = next(seats)
        await mine.wait()
        return Answer(body=json.dumps(body(instance=f"auth-{1 + (mine is rounds[-1])}")).encode())

    result = run(tmp_path, handler, instances=2)
    assert (result.outcome, requests(result)) == (Outcome.PASS, 3 + 6 + 12)


@pytest.mark.parametrize("expected", ["r2", None])
def test_one_instance_with_another_release_fails(tmp_path: Path, expected: str | None) -> None:
    bodies = [body(), body(), body("r1", "auth-2")]
    result = run(tmp_path, saying(*bodies), expected, instances=2)
    assert (result.outcome, result.expected, result.came) == (Outcome.FAIL, "r2", "r1")
    assert "auth-2 runs another release than auth-1" == result.message


def test_an_undeclared_instance_counts_as_any_other(tmp_path: Path) -> None:
    bodies = [body(instance=f"auth-{n}") for n in range(3)]
    assert Outcome.PASS is run(tmp_path, saying(*bodies), instances=2).outcome
    result = run(tmp_path / "b", saying(*bodies[:2], body("r1", "auth-3")), instances=2)
    assert (result.outcome, result.came) == (Outcome.FAIL, "r1")


def test_one_instance_that_changes_its_release_meanwhile_fails(tmp_path: Path) -> None:
    result = run(tmp_path, saying(body(), body("r1")), None, instances=2)
    assert Outcome.FAIL is result.outcome


def test_instances_that_were_not_seen_give_no_data(tmp_path: Path) -> None:
    result = run(tmp_path, saying(body(), body(instance="auth-2")), instances=3)
    assert Outcome.NO_DATA is result.outcome
    assert "2 of 3 instances answered in 180 requests: auth-1, auth-2" == result.message
    assert 180 == requests(result)


def test_the_search_ends_in_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(release, "_ROUNDS_END_AFTER_S", 0.0)
    result = run(tmp_path, saying(body()), instances=2)
    assert "0 of 2 instances answered in 0 requests: none" == result.message
    assert Outcome.NO_DATA is result.outcome


@pytest.mark.parametrize("instance", [None, 1, ""])
def test_instances_that_cannot_be_told_apart_fail(tmp_path: Path, instance: object) -> None:
    result = run(tmp_path, saying(body(instance=instance)), instances=2)
    assert Outcome.FAIL is result.outcome
    assert "auth does not say which instance it is" == result.message


def test_one_answer_can_speak_of_several_instances(tmp_path: Path) -> None:
    both = behind(body(instance="keys-1"), body(instance="keys-2"))
    assert Outcome.PASS is run_behind(tmp_path, saying(both), instances=2).outcome
    wrong = behind(body(instance="keys-1"), body("r1", "keys-2"))
    assert Outcome.FAIL is run_behind(tmp_path / "b", saying(wrong), instances=2).outcome
    silent = behind(body(instance="keys-1"), {"instanceId": "keys-2"})
    assert Outcome.FAIL is run_behind(tmp_path / "c", saying(silent)).outcome


def test_who_looks_once_for_all_that_ask_is_asked_again_and_again(tmp_path: Path) -> None:
    looks = 0
    looking: asyncio.Future[Answer] | None = None

    async def look() -> Answer:
        nonlocal looks, looking
        looks += 1
        instance = f"keys-{1 + (looks >= 12)}"
        await asyncio.sleep(0.005)
        looking = None
        return Answer(body=json.dumps(behind(body(instance=instance))).encode())

    async def handler(seen: object) -> Answer:
        nonlocal looking
        if looking is None:
            looking = asyncio.ensure_future(look())
        return await asyncio.shield(looking)

    result = run_behind(tmp_path, handler, instances=2)
    assert (result.outcome, looks) == (Outcome.PASS, 12)

"""Readiness waits for what may still come, and for nothing else."""

import asyncio
import json
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from harness import readiness
from harness.environment import Environment
from harness.model import Outcome, Result
from harness.readiness import Ready
from harness.records import RunDirectory
from harness.verification import Verification
from tests.harness.checks.releasing import behind, body
from tests.harness.server import Answer, Seen, serving
from tests.harness.verifying import environment

SOON_S = 0.4
LONG_S = 30.0


@pytest.fixture(autouse=True)
def _short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(readiness, "_LONGEST_PAUSE_S", 0.02)


def saying(said: object, status: int = 200) -> Answer:
    return Answer(status=status, body=json.dumps(said).encode())


async def results(where: Environment, directory: Path, limit_s: float) -> Sequence[Result]:
    phase = Ready(where, limit_s)
    run = Verification(
        plan=phase.plan,
        environment=where,
        directory=RunDirectory(directory),
        run_id="test",
        release="r2",
        phases=(phase,),
    )
    return (await run.run()).results


def ready(
    tmp_path: Path,
    answer: Callable[[Seen], Answer],
    limit_s: float = LONG_S,
    **service: Any,
) -> tuple[Result, int]:
    """The result of the service under test, and how many requests it took."""

    async def inside() -> tuple[Result, int]:
        async with serving(answer) as server:
            where = environment({"auth": {"url": server.url, **service}})
            [result] = await results(where, tmp_path / "run", limit_s)
            return result, len(server.seen)

    return asyncio.run(inside())


def turns(*answers: Answer) -> Callable[[Seen], Answer]:
    """These, one after the other, and the last again and again."""
    left: Iterator[Answer] = iter(answers)
    last = answers[-1]
    return lambda seen: next(left, last)


GOOD = saying(body("r2", "auth-1"))


def test_three_good_answers_in_a_row_are_enough(tmp_path: Path) -> None:
    result, requests = ready(tmp_path, turns(GOOD))
    assert (result.outcome, requests) == (Outcome.PASS, 3)


@pytest.mark.parametrize(
    "before",
    [
        saying(body("r1", "auth-1")),
        Answer(status=502),
        saying(body("r2", "auth-1"), status=503),
        Answer(raw=b""),
    ],
    ids=["another release", "502", "503", "silence"],
)
def test_what_a_deploy_brings_with_it_is_waited_for(tmp_path: Path, before: Answer) -> None:
    result, _ = ready(tmp_path, turns(*[before] * 5, GOOD))
    assert result.outcome is Outcome.PASS


def test_good_answers_count_only_in_a_row(tmp_path: Path) -> None:
    bad = Answer(status=502)
    result, requests = ready(tmp_path, turns(GOOD, GOOD, bad, GOOD, GOOD, bad, GOOD))
    assert (result.outcome, requests) == (Outcome.PASS, 9)


@pytest.mark.parametrize(
    ("answer", "outcome"),
    [
        (saying(body("r1", "auth-1")), Outcome.FAIL),
        (Answer(status=502), Outcome.FAIL),
        (saying(body("r2", "auth-1"), status=503), Outcome.FAIL),
        (Answer(raw=b""), Outcome.FAIL),
    ],
    ids=["another release", "502", "503", "silence of this machine"],
)
def test_what_does_not_come_in_time_fails(tmp_path: Path, answer: Answer, outcome: Outcome) -> None:
    result, requests = ready(tmp_path, turns(answer), SOON_S)
    assert result.outcome is outcome
    assert requests > 3


@pytest.mark.parametrize(
    "answer",
    [
        Answer(status=500),
        Answer(status=404),
        Answer(status=302, headers={"location": "/login"}),
        Answer(body=b"no JSON"),
        saying({"status": "pass"}),
    ],
    ids=["500", "404", "a redirect", "no JSON", "no release"],
)
def test_what_no_deploy_brings_with_it_fails_when_it_comes_back(
    tmp_path: Path, answer: Answer
) -> None:
    result, requests = ready(tmp_path, turns(answer))
    assert (result.outcome, requests) == (Outcome.FAIL, 3)


def test_every_declared_instance_has_to_be_there(tmp_path: Path) -> None:
    result, _ = ready(tmp_path, turns(GOOD), SOON_S, instances=2)
    assert result.outcome is Outcome.NO_DATA
    assert "1 of 2 instances" in result.message


def test_one_old_instance_of_several_is_waited_for(tmp_path: Path) -> None:
    two = [saying(body(release, f"auth-{n}")) for release in ("r1", "r2") for n in (1, 2)]
    answers = [two[2], two[1]] * 4 + [two[2], two[3]] * 40
    result, _ = ready(tmp_path, turns(*answers), instances=2)
    assert result.outcome is Outcome.PASS


def test_a_service_without_a_release_is_ready_when_it_is_healthy(tmp_path: Path) -> None:
    result, requests = ready(tmp_path, turns(Answer()), release={"from": "none"})
    assert (result.outcome, requests) == (Outcome.PASS, 3)


def test_a_private_service_is_seen_through_another(tmp_path: Path) -> None:
    async def inside() -> dict[str, Outcome]:
        said = behind(body("r2", "keys-1")) | {"releaseId": "r2"}
        async with serving(turns(saying(said))) as server:
            private = {
                "url": "http://keys.invalid",
                "visibility": "private",
                "health": {"via": "gateway"},
                "release": {"from": "json_pointer", "via": "gateway"},
            }
            where = environment({"gateway": server.url, "keys": private})
            found = await results(where, tmp_path / "run", LONG_S)
            return {result.id: result.outcome for result in found}

    assert asyncio.run(inside()) == dict.fromkeys(["ready.gateway", "ready.keys"], Outcome.PASS)


def test_only_the_last_of_the_asking_is_kept(tmp_path: Path) -> None:
    result, requests = ready(tmp_path, turns(*[Answer(status=502)] * 20, GOOD))
    assert requests == 23
    assert 3 <= len(result.attempts[0].exchanges) <= 15

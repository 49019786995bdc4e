"""An instance that was not heard is no agreement, and one that says otherwise is found."""

from itertools import cycle
from pathlib import Path

import pytest

from harness.model import Outcome, Result
from tests.harness.server import Answer, Handler, Seen
from tests.harness.truth.telling import Body, answered, entry, run


def instance(number: int, status: str = "pass", **more: object) -> Body:
    checks = {"postgres:responseTime": [entry(status)]}
    return {
        "status": status, "releaseId": "r1", "instanceId": f"one-{number}", "checks": checks, **more
    }  # fmt: skip


def saying(*bodies: Body) -> Handler:
    turns = cycle(bodies)

    def handler(seen: Seen) -> Answer:
        return answered(next(turns))

    return handler


def asked(tmp_path: Path, *bodies: Body, instances: int = 2) -> Result:
    return run(tmp_path, "instances", saying(*bodies), instances=instances)


def test_instances_that_say_the_same_pass(tmp_path: Path) -> None:
    assert Outcome.PASS is asked(tmp_path / "well", instance(1), instance(2)).outcome
    down = asked(tmp_path / "down", instance(1, "fail"), instance(2, "fail"))
    assert Outcome.PASS is down.outcome


@pytest.mark.parametrize(
    ("other", "came"),
    [
        (instance(2, "fail"), "fail, postgres: fail"),
        (instance(2, checks={}), "pass"),
        (instance(2, checks={"mail:responseTime": [entry()]}), "pass, mail: pass"),
        (instance(2, releaseId="r0"), "r0"),
    ],
)
def test_one_that_says_otherwise_fails(tmp_path: Path, other: Body, came: str) -> None:
    result = asked(tmp_path, instance(1), instance(1), other)
    assert (result.outcome, result.came) == (Outcome.FAIL, came)
    assert result.message.startswith("one-2 ")


def test_one_that_says_now_this_now_that_fails(tmp_path: Path) -> None:
    result = asked(tmp_path, instance(1), instance(1, "fail"))
    assert Outcome.FAIL is result.outcome
    assert result.message == "one-1 says now this, now that"


def test_one_that_was_not_heard_gives_no_data(tmp_path: Path) -> None:
    result = asked(tmp_path, instance(1), instance(2), instances=3)
    assert Outcome.NO_DATA is result.outcome
    assert result.message.startswith("2 of 3 instances answered in 180 requests")

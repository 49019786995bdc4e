"""A gateway that says something else of a service than that one does is found."""

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest

from harness.model import Outcome, Result
from harness.truth import derive
from tests.harness.server import Answer, Handler, Seen, serving
from tests.harness.truth.telling import Body, answered, entry
from tests.harness.verifying import environment, only, verified

WHO = {"releaseId": "r1", "instanceId": "back-1"}


def back(status: str = "pass", **who: str) -> Handler:
    return lambda seen: answered({"status": status, **WHO, **who})


def told(status: str = "pass", **who: str) -> Body:
    return entry(status) | WHO | who


def front(*entries: Body) -> Handler:
    def handler(seen: Seen) -> Answer:
        checks = {"back:responseTime": list(entries)} if entries else {}
        return answered({"status": "pass", "releaseId": "r2", "checks": checks})

    return handler


def asked(tmp_path: Path, own: Handler, public: Handler, **declared: object) -> Result:
    async def inside() -> Result:
        async with serving(own) as private, serving(public) as before:
            behind = {"url": private.url, "visibility": "private", "health": {"via": "front"}}
            where = environment({"front": before.url, "back": {**behind, **declared}})
            checks = [each for each in derive(where) if each.id == "truth.agreement.back"]
            return only(await verified(where, checks, tmp_path / "run"))

    return asyncio.run(inside())


def test_what_is_told_as_it_is_passes(tmp_path: Path) -> None:
    assert Outcome.PASS is asked(tmp_path / "a", back(), front(told())).outcome
    down = asked(tmp_path / "b", back("fail"), front(told("fail")))
    assert Outcome.PASS is down.outcome


@pytest.mark.parametrize(
    ("own", "public"),
    [
        (back("fail"), front(told())),
        (back(), front(told("fail"))),
        (back(), front(told(), entry("fail"))),
        (back(), front(told(releaseId="r0"))),
        (back(), front(told(instanceId="back-2"))),
        (back(), front()),
    ],
)
def test_what_is_told_otherwise_fails(tmp_path: Path, own: Handler, public: Handler) -> None:
    result = asked(tmp_path, own, public)
    assert (result.outcome, result.message) == (Outcome.FAIL, "what front says of back")


def test_of_several_instances_another_one_may_have_been_met(tmp_path: Path) -> None:
    other = front(told(instanceId="back-2"))
    assert Outcome.PASS is asked(tmp_path, back(), other, instances=2).outcome


def test_what_changes_each_time_gives_no_data(tmp_path: Path) -> None:
    turns = iter(["pass", "fail"] * 100)
    handler: Callable[[Seen], Answer] = lambda seen: answered({"status": next(turns), **WHO})  # noqa: E731
    assert Outcome.NO_DATA is asked(tmp_path, handler, front(told())).outcome

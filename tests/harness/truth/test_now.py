"""Health that was found out before its call is found, by the times that it tells."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from itertools import cycle
from pathlib import Path

import pytest

from harness.model import Outcome
from harness.truth import now
from tests.harness.server import Answer, Handler, Seen
from tests.harness.truth.telling import always, answered, entry, healthy, in_turn, run, said


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """These servers write their times to the microsecond."""
    monkeypatch.setattr(now, "APART_S", 0.01)


def aged(ago_s: float, ahead_s: float | None = 0.0) -> Callable[[Seen], Answer]:
    """Tells at each call of another look, so long ago; its clock is ahead."""

    def handler(seen: Seen) -> Answer:
        if ahead_s is None:
            return said(postgres=entry(ago_s=ago_s))
        date = format_datetime(datetime.now(UTC) + timedelta(seconds=ahead_s), usegmt=True)
        return said(postgres=entry(ago_s=ago_s - ahead_s), headers={"date": date})

    return handler


def by(*instances: str, ago_s: float | None = None) -> Handler:
    """These answer in turn; all but the first look at each call."""
    kept = entry()
    turns = cycle(instances)

    def handler(seen: Seen) -> Answer:
        instance = next(turns)
        own = kept if instance == instances[0] else entry()
        return answered({"status": "pass", "instanceId": instance, "checks": {"postgres:x": [own]}})

    return handler


def test_who_looks_at_each_call_passes(tmp_path: Path) -> None:
    assert Outcome.PASS is run(tmp_path, "now", healthy).outcome


@pytest.mark.parametrize(("ago_s", "ahead_s"), [(1.5, 0.0), (0, 3600.0), (0, -40.0), (20, None)])
def test_a_look_that_others_share_and_a_wrong_clock_are_no_lie(
    tmp_path: Path, ago_s: float, ahead_s: float | None
) -> None:
    assert Outcome.PASS is run(tmp_path, "now", aged(ago_s, ahead_s)).outcome


@pytest.mark.parametrize(
    ("ago_s", "ahead_s", "came"),
    [
        (60, 0.0, "before any that it may be about"),
        (60, 3600.0, "before any that it may be about"),
        (-20, 0.0, "after the answer had come"),
        (200, None, "before any that it may be about"),
    ],
)
def test_a_look_long_ago_or_yet_to_come_fails(
    tmp_path: Path, ago_s: float, ahead_s: float | None, came: str
) -> None:
    result = run(tmp_path, "now", aged(ago_s, ahead_s))
    assert result.outcome is Outcome.FAIL
    assert result.message == "health tells of a look at postgres that is not of the call"
    assert result.came.endswith(came)


@pytest.mark.parametrize("instances", [("one-1",), ("one-1", "one-2")])
def test_an_answer_that_was_kept_fails(tmp_path: Path, instances: tuple[str, ...]) -> None:
    result = run(tmp_path, "now", by(*instances), instances=len(instances))
    assert result.outcome is Outcome.FAIL
    assert "tell of the same look at postgres" in result.message


def test_two_instances_may_have_looked_at_one_moment(tmp_path: Path) -> None:
    moment = entry()
    kept = [
        answered({"status": "pass", "instanceId": name, "checks": {"postgres:x": [moment]}})
        for name in ("one-1", "one-2")
    ]
    fresh = in_turn(*kept)
    calls = iter(range(100))
    handler: Handler = lambda seen: fresh(seen) if next(calls) < 2 else healthy(seen)  # noqa: E731
    assert Outcome.PASS is run(tmp_path, "now", handler, instances=2).outcome


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (lambda: said(postgres=entry(), headers={"age": "7"}), "the answer is from a cache"),
        (lambda: said(postgres=entry(), headers={"cache-control": "max-age=60"}),
         "a health answer must not be cached"),
        (lambda: said(), "health does not say when it looked at postgres"),
        (lambda: said(postgres=entry(time=None)), "health does not say when it looked at postgres"),
        (lambda: said("fail", postgres=entry()),
         "two health answers, 0.01 s apart, tell of the same"),
    ],
)  # fmt: skip
def test_a_cache_and_an_answer_without_a_time_fail(
    tmp_path: Path, answer: Callable[[], Answer], message: str
) -> None:
    result = run(tmp_path, "now", always(answer()))
    assert result.outcome is Outcome.FAIL
    assert result.message.startswith(message)

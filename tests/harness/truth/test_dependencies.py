"""What health leaves out about a dependency is found."""

from pathlib import Path

import pytest

from harness.model import Outcome
from tests.harness.server import Answer
from tests.harness.truth.telling import always, answered, entry, healthy, run, said

BACK = said(postgres=entry(), back=entry())


def test_who_tells_of_each_dependency_passes(tmp_path: Path) -> None:
    assert Outcome.PASS is run(tmp_path, "dependencies", healthy).outcome


def test_who_is_unhealthy_and_says_why_tells_the_truth(tmp_path: Path) -> None:
    down = said("fail", postgres=entry("fail"))
    assert Outcome.PASS is run(tmp_path, "dependencies", always(down)).outcome


@pytest.mark.parametrize(
    ("answer", "message", "came"),
    [
        (said(), "health says nothing about postgres", "none"),
        (said(redis=entry()), "health says nothing about postgres", "none"),
        (said(postgres=entry(time=None)), "health says too little about postgres", "no time"),
        (said(postgres=entry(observedValue=None, time=None)),
         "health says too little about postgres", "no time and no observedValue"),
        (said("fail"), "health says nothing about postgres", "none"),
        (said("fail", postgres=entry()), "health says `fail`, and not why", "none"),
        (said(postgres=entry("fail")), "health says that all is well, and that postgres is not",
         "pass"),
        (answered({"status": "pass", "checks": {"postgres:x": [entry(time="noon")]}}),
         "GET /health: the body is not what was promised",
         "checks.postgres:x.0.time: Input should be a valid datetime"),
    ],
)  # fmt: skip
def test_who_says_too_little_fails(tmp_path: Path, answer: Answer, message: str, came: str) -> None:
    result = run(tmp_path, "dependencies", always(answer))
    assert (result.outcome, result.message) == (Outcome.FAIL, message)
    assert result.came.startswith(came)


def test_a_private_service_is_named_by_the_one_before_it(tmp_path: Path) -> None:
    assert Outcome.PASS is run(tmp_path / "a", "dependencies", always(BACK), "back").outcome
    result = run(tmp_path / "b", "dependencies", healthy, "back")
    assert (Outcome.FAIL, "health says nothing about back") == (result.outcome, result.message)

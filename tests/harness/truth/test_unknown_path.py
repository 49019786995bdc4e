"""Something that says yes to whatever is asked is no health check."""

from pathlib import Path

import pytest

from harness.model import Outcome
from tests.harness.server import Answer
from tests.harness.truth.telling import always, at, healthy, run

PAGE = Answer(body=b"<html>the site</html>", headers={"content-type": "text/html"})


def test_404_for_a_path_that_nobody_has_passes(tmp_path: Path) -> None:
    assert Outcome.PASS is run(tmp_path, "unknown_path", at("/health", healthy)).outcome


def test_a_page_for_every_path_is_no_health_answer(tmp_path: Path) -> None:
    assert Outcome.PASS is run(tmp_path, "unknown_path", always(PAGE)).outcome


def test_health_at_every_path_fails(tmp_path: Path) -> None:
    result = run(tmp_path, "unknown_path", healthy)
    assert result.outcome is Outcome.FAIL
    assert result.message == "a path that does not exist is healthy"
    assert result.came.startswith("200 with a health answer to GET /health/")


@pytest.mark.parametrize(
    ("elsewhere", "outcome"), [(PAGE, Outcome.FAIL), (Answer(status=404), Outcome.PASS)]
)
def test_where_health_is_a_status_alone_the_same_answer_elsewhere_fails(
    tmp_path: Path, elsewhere: Answer, outcome: Outcome
) -> None:
    def handler(seen: object) -> Answer:
        return PAGE if getattr(seen, "path", "") == "/health" else elsewhere

    result = run(tmp_path, "unknown_path", handler, health={"format": "none"})
    assert outcome is result.outcome

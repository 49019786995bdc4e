"""GitHub (a stand-in) wants no more requests, or does not answer: waited out, within a bound."""

from typing import Any

import pytest

from harness.errors import LedgerError
from harness.ledger import Event
from tests.harness.ledger.noted import noted
from tests.harness.ledger.on_github import ledger, told
from tests.harness.ledger.stand_in import Answer, GitHub


def test_the_primary_limit_is_waited_out_by_githubs_own_clock(github: GitHub) -> None:
    github.limited_until = github.now + 100
    ledger(github).append(noted())
    assert ledger(github).entries() == [noted()]
    assert github.waited == [101]


SECONDARY = {"message": "You have exceeded a secondary rate limit. Please wait a few minutes."}


@pytest.mark.parametrize(
    ("answers", "waited"),
    [
        ([(429, {}, {"retry-after": "7"})], [7]),
        ([(403, SECONDARY, {"retry-after": "9"})], [9]),
        ([(403, SECONDARY)], [60]),
        ([(429,)], [60]),
        ([(403, SECONDARY), (403, SECONDARY)], [60, 120]),
    ],
)
def test_a_secondary_limit_is_waited_out(
    github: GitHub, answers: list[Any], waited: list[float]
) -> None:
    github.instead = [told(*answer) for answer in answers]
    ledger(github).append(noted())
    assert github.waited == waited
    assert ledger(github).entries() == [noted()]


def test_a_limit_on_a_later_page_loses_nothing(github: GitHub) -> None:
    github.largest_page = 2
    for number in range(5):
        ledger(github).append(noted(release=str(number)))
    github.instead = [lambda request: None, told(429, {}, {"retry-after": "7"})]
    assert len(ledger(github).entries()) == 5


@pytest.mark.parametrize(
    "answer",
    [
        (429, {}, {"retry-after": "3600"}),
        (403, {}, {"x-ratelimit-remaining": "0", "x-ratelimit-reset": "1800003600"}),
    ],
)
def test_a_limit_that_lifts_too_late_is_an_error_at_once(github: GitHub, answer: Any) -> None:
    github.instead = [told(*answer)]
    with pytest.raises(LedgerError, match=r"asks to wait for 360[01] s, and no more than 180 s"):
        ledger(github).entries()
    assert github.waited == []


def test_limits_one_after_the_other_are_not_waited_out_for_ever(github: GitHub) -> None:
    github.instead = [told(429, {}, {"retry-after": "100"})] * 9
    with pytest.raises(LedgerError, match="no more than 80 s are left"):
        ledger(github).entries()
    assert github.waited == [100]


def test_a_refusal_is_no_limit(github: GitHub) -> None:
    github.instead = [
        told(403, {"message": "Resource not accessible"}, {"x-ratelimit-remaining": "9"})
    ]
    with pytest.raises(LedgerError, match=r"not accessible; .*Deployments: read and write"):
        ledger(github).entries()
    assert github.waited == []


def test_no_answer_and_server_errors_are_tried_again(github: GitHub) -> None:
    ledger(github).append(noted())
    github.instead = [told(0), told(502, b"<html>")]
    assert ledger(github).entries() == [noted()]


def test_what_was_made_and_not_answered_is_one_entry(github: GitHub) -> None:
    """The connection breaks after GitHub has made it: it is posted again, and read once."""

    def made_and_lost(request: Any) -> Answer:
        github._create(request.body)
        return 0, None, {}

    github.instead = [made_and_lost]
    ledger(github).append(noted())
    ledger(github).append(noted(Event.NO_GO))
    assert len(github.deployments) == 3
    assert ledger(github).entries() == [noted(), noted(Event.NO_GO)]


@pytest.mark.parametrize(("answer", "why"), [((0,), "does not answer"), ((503,), "answers 503")])
def test_who_never_answers_is_told(github: GitHub, answer: Any, why: str) -> None:
    github.instead = [told(*answer)] * 9
    with pytest.raises(LedgerError, match=rf"{why}.*tried 3 times"):
        ledger(github).append(noted())


def test_nobody_there_is_told(github: GitHub) -> None:
    gone = ledger(github, api_url="http://127.0.0.1:1")
    with pytest.raises(LedgerError, match=r"http://127\.0\.0\.1:1 does not answer: ConnectError"):
        gone.entries()

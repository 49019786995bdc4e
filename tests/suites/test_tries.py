"""A limit is judged by what came of trying; what came too late says nothing."""

import time

import httpx
import pytest

from harness.errors import ContractViolation, NoData
from suites.journeys.tries import Try, refused_in_time, until_it_lifts


def taken() -> httpx.Response:
    return httpx.Response(200, request=httpx.Request("POST", "https://localhost/login"))


def test_a_try_that_should_be_refused_and_is_not_is_a_failure() -> None:
    with pytest.raises(ContractViolation):
        until_it_lifts(taken, time.monotonic() + 60)


def test_a_try_after_the_window_is_no_data() -> None:
    with pytest.raises(NoData, match="longer than the limit lasts"):
        until_it_lifts(taken, time.monotonic())


def test_the_last_try_comes_after_the_time_that_was_given_however_slow_the_others_are() -> None:
    def ask() -> httpx.Response:
        time.sleep(0.7)
        return refusal(1)

    def refusal(retry_after_s: int) -> httpx.Response:
        body = {"type": "about:blank", "title": "Too Many Requests", "status": 429}
        return httpx.Response(
            429,
            json={**body, "detail": "Later.", "request_id": "r"},
            headers={
                "Retry-After": f"{retry_after_s}",
                "Content-Type": "application/problem+json",
                "X-Request-ID": "r",
            },
            request=httpx.Request("POST", "https://localhost/login"),
        )

    tries = until_it_lifts(ask)
    assert tries[-1].sent_s >= tries[0].lifts_s > tries[-2].sent_s


def test_a_single_try_is_judged_alike() -> None:
    tried = Try.of(taken)
    with pytest.raises(ContractViolation, match="status: expected 429, came 200"):
        refused_in_time(tried, tried.answered_s + 1)
    with pytest.raises(NoData):
        refused_in_time(tried, tried.answered_s)

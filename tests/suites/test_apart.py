"""What judges answers in a stack of the journeys' own finds what it is about, and nothing else."""

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, cast

import httpx
import pytest

from harness.errors import ContractViolation, NoData
from suites.journeys.apart import Apart
from suites.journeys.asking import Heard, Question
from suites.journeys.healths import failing
from suites.journeys.refusals import in_time, refused
from suites.journeys.tries import Try, as_limited, as_long_as

ID = "7c9e6679-7425-40de-944b-e07fc1f90ae7"


def answer(
    code: int = 502, headers: dict[str, str] | None = None, **changed: object
) -> httpx.Response:
    """An error as the contract has it, but for what is changed."""
    body = {
        "type": "about:blank",
        "title": "Bad Gateway",
        "status": code,
        "detail": "The service behind gave no usable answer.",
        "request_id": ID,
        **changed,
    }
    told = {"content-type": "application/problem+json", "x-request-id": ID, **(headers or {})}
    return httpx.Response(code, headers=told, content=json.dumps(body))


def test_an_error_as_it_should_be_is_one() -> None:
    assert refused(answer(), 502, ["127.0.0.1:5432"]).request_id == ID
    refused(answer(503, {"retry-after": "1"}), 503)


WRONG = {
    "another status": (answer(504), 502, "status: expected 502, came 504"),
    "a page": (httpx.Response(502, html="<html>Bad Gateway</html>"), 502, "content type"),
    "JSON that is no problem": (httpx.Response(502, json={}), 502, "content type"),
    "another status in it": (answer(502, status=500), 502, "status in the body"),
    "the id of another request": (answer(request_id="another"), 502, "the request's id"),
    "a host": (answer(detail="no answer from account.internal"), 502, "of the inside"),
    "an address": (answer(detail="no answer from 10.0.0.7:5432"), 502, "of the inside"),
    "a trace": (answer(detail="Traceback (most recent call last)"), 502, "of the inside"),
    "a host in a header": (answer(headers={"via": "127.0.0.1:8080"}), 502, "of the inside"),
    "a way elsewhere": (answer(headers={"location": "/x"}), 502, "no way elsewhere"),
    "no time to wait": (answer(503), 503, "Retry-After ''"),
    "a date to wait for": (answer(429, {"retry-after": "Mon, 5 Jan"}), 429, "Retry-After 'Mon"),
    "no wait at all": (answer(503, {"retry-after": "0"}), 503, "Retry-After '0'"),
}


@pytest.mark.parametrize(("came", "status", "says"), WRONG.values(), ids=WRONG)
def test_an_error_that_is_none_is_found(came: httpx.Response, status: int, says: str) -> None:
    with pytest.raises(ContractViolation) as found:
        refused(came, status, ["10.0.0.7:5432"])
    assert says in str(found.value)


@pytest.mark.parametrize(("status", "took_s"), [(502, 0.1), (503, 2.4), (504, 5.1)])
def test_an_answer_in_its_time_is_right(status: int, took_s: float) -> None:
    in_time(took_s, status)


@pytest.mark.parametrize(("status", "took_s"), [(502, 5.0), (503, 4.0), (504, 9.0), (504, 1.0)])
def test_an_answer_at_another_time_is_found(status: int, took_s: float) -> None:
    with pytest.raises(ContractViolation, match="its time"):
        in_time(took_s, status)


# A limit: two in two seconds, at 0.0 and 0.1; then what is tried.


def tried(at_s: float, status: int = 200, wait: str = "2") -> Try:
    headers = {"retry-after": wait} if status == 429 else {}
    return Try(at_s, at_s + 0.05, answer(status, headers))


TAKEN = (tried(0.0), tried(0.1, 401))
REFUSED = (tried(0.2, 429), tried(1.0, 429, "1"), tried(1.9, 429, "1"))


def test_a_limit_that_lifts_by_its_own_word_is_right() -> None:
    as_limited(TAKEN, (*REFUSED, tried(2.3)), 2)


WRONG_LIMITS = {
    "it refuses too early": (
        (tried(0.0), tried(0.1, 429)),
        (*REFUSED, tried(2.3)),
        "within the limit none is refused",
    ),
    "it lifts too early": (TAKEN, (REFUSED[0], tried(1.0), tried(2.3)), "still count"),
    "a refused try prolongs it": (
        TAKEN,
        (*REFUSED, tried(2.3, 429)),
        "refused after the time that was given: expected 0, came 1",
    ),
    "it does not say when": (TAKEN, (tried(0.2, 429, "soon"), tried(2.3)), "Retry-After 'soon'"),
    "nothing was tried after it": (TAKEN, REFUSED, "one was tried after that"),
}


@pytest.mark.parametrize(("taken", "then", "says"), WRONG_LIMITS.values(), ids=WRONG_LIMITS)
def test_a_limit_that_is_none_is_found(
    taken: tuple[Try, ...], then: tuple[Try, ...], says: str
) -> None:
    with pytest.raises(ContractViolation) as found:
        as_limited(taken, then, 2)
    assert says in str(found.value)


# A token that ends at 2.0


def test_a_token_that_ends_in_time_is_right() -> None:
    as_long_as([tried(0.0), tried(1.9), tried(1.99, 401), tried(2.1, 401)], 2.0)


def test_a_token_that_ends_at_another_time_is_found() -> None:
    with pytest.raises(ContractViolation, match=r"before its end: expected \{200\}"):
        as_long_as([tried(0.0), tried(1.0, 401)], 2.0)
    with pytest.raises(ContractViolation, match=r"after its end: expected \{401\}"):
        as_long_as([tried(0.0), tried(2.1)], 2.0)


def test_a_token_that_was_not_used_in_time_tells_nothing() -> None:
    with pytest.raises(NoData, match="not used before its end"):
        as_long_as([tried(2.1, 401)], 2.0)


# Health


@dataclass
class Telling:
    """Stands for a stack, and answers `/health` with this."""

    status: int
    body: dict[str, Any]
    live: int = 200
    took_s: float = 0.1
    innards: list[str] = field(default_factory=lambda: ["127.0.0.1:5432"])

    def hear(self, questions: Iterable[Question]) -> list[Heard]:
        answers = {
            "/health": httpx.Response(self.status, json=self.body),
            "/health/live": httpx.Response(self.live),
        }
        return [Heard(each, answers[each.path], self.took_s) for each in questions]


def health(status: str, **checks: str) -> dict[str, Any]:
    entries = {f"{name}:responseTime": [{"status": each}] for name, each in checks.items()}
    return {"status": status, "checks": entries}


DOWN = health("fail", account="pass", keys="fail")


def test_health_names_what_fails() -> None:
    assert failing(cast(Apart, Telling(503, DOWN))) == ["keys"]
    assert failing(cast(Apart, Telling(200, health("pass", keys="pass")))) == []


WRONG_HEALTHS = {
    "the status says otherwise": (Telling(200, DOWN), "(503, 'fail'), came (200, 'fail')"),
    "the body says otherwise": (Telling(503, {**DOWN, "status": "pass"}), "came (503, 'pass')"),
    "nothing is wrong": (Telling(503, health("fail", keys="pass")), "expected (200, 'pass')"),
    "it is slow": (Telling(503, DOWN, took_s=4.0), "within 2 s"),
    "it tells an address": (
        Telling(503, {**DOWN, "output": "127.0.0.1:5432 refused"}),
        "what health tells of the inside",
    ),
    "the process is taken for dead": (Telling(503, DOWN, live=503), "liveness"),
}


@pytest.mark.parametrize(("told", "says"), WRONG_HEALTHS.values(), ids=WRONG_HEALTHS)
def test_health_that_is_wrong_is_found(told: Telling, says: str) -> None:
    with pytest.raises(ContractViolation) as found:
        failing(cast(Apart, told))
    assert says in str(found.value)

"""What is left of KeyArc when a part of it is slow, does nothing, or is killed."""

from collections.abc import Callable

import pytest

from harness.check import expect, step
from suites.journeys.apart import Apart
from suites.journeys.asking import Guest, Heard, question
from suites.journeys.healths import failing, recovered
from suites.journeys.refusals import in_time, refused
from suites.keyarc.contract import answers
from suites.keyarc.waiting import at_once

pytestmark = pytest.mark.needs("stack")


@pytest.mark.xdist_group("apart")
def test_what_is_too_slow_is_504_at_five_seconds(
    apart: Apart, given_up: Callable[[], list[Heard]]
) -> None:
    """Whatever is asked for, a service that is silent, slow or stalls is given up at 5 s."""
    for heard in given_up():
        with step(str(heard.asked)):
            refused(heard.response, 504, apart.innards)
            in_time(heard.took_s, 504)


@pytest.mark.xdist_group("apart")
def test_without_an_answer_of_the_database_all_is_503(apart: Apart, guest: Guest) -> None:
    """Whatever needs the database is 503 within 3 s while it does nothing; who is asked lives, and
    says what is missing. All recovers with it."""
    without = [each for each in answers() if each.status == 503 and each.path != "/health"]
    with apart.stopped("postgres"):
        all_heard = apart.begin([question(each, guest) for each in without])
        auth, gateway = at_once(lambda: failing(apart, "auth"), lambda: failing(apart))
        for heard in all_heard():
            with step(str(heard.asked)):
                refused(heard.response, 503, apart.innards)
                in_time(heard.took_s, 503)
    expect("what auth misses", expected=["postgres"], came=auth)
    expect("what the gateway misses", expected=["account", "keys"], came=gateway)
    recovered(apart)


def test_who_is_killed_is_named_and_takes_nobody_along(mortal: Apart) -> None:
    """With keys killed, then account, then the database, what does not need them goes on; what
    does is told so, and health says who it is."""
    guest = mortal.guest()
    mortal.kill("keys")
    with step("without keys"):
        _come(mortal, guest, {"/keys/secrets": 502, "/account/profile": 200, "/login": 200})
        expect("who is away", expected=["keys"], came=failing(mortal))
    mortal.kill("account")
    with step("without account"):
        _come(mortal, guest, {"/keys/secrets": 502, "/account/profile": 502, "/login": 200})
        expect("who is away", expected=["account", "keys"], came=failing(mortal))
        expect("what auth misses", expected=[], came=failing(mortal, "auth"))
    mortal.kill("postgres")
    with step("without the database"):
        _come(mortal, guest, {"/login": 503, "/token/refresh": 503})
        expect("what auth misses", expected=["postgres"], came=failing(mortal, "auth"))


def _come(apart: Apart, guest: Guest, expected: dict[str, int]) -> None:
    """Raises ContractViolation: a path is answered otherwise than with this status."""
    # The first row of a path is the one that reads, or the only one.
    rows = {each.path: each for each in reversed(answers())}
    asked = [question(rows[path], guest) for path in expected]
    for heard, status in zip(apart.hear(asked), expected.values(), strict=True):
        with step(str(heard.asked)):
            if status < 400:
                expect("status", expected=status, came=heard.response.status_code)
            else:
                refused(heard.response, status, apart.innards)
                in_time(heard.took_s, status)

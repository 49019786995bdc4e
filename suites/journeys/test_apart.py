"""What becomes of requests when something behind the gateway is broken, slow or away."""

import pytest

from harness.check import expect, step
from suites.journeys.apart import Apart
from suites.journeys.asking import Guest, Question, question
from suites.journeys.door import BROKEN, HEADER, WRONG_TOKEN
from suites.journeys.healths import failing
from suites.journeys.refusals import in_time, refused
from suites.keyarc.contract import answers

pytestmark = [
    pytest.mark.needs("stack"),
    pytest.mark.xdist_group("apart"),
    pytest.mark.usefixtures("given_up"),
]

OTHER = {"account": "keys", "keys": "account"}
PATHS = {"account": "/account/profile", "keys": "/keys/secrets"}


def ask(guest: Guest, path: str, **headers: str) -> Question:
    told = {"Authorization": f"Bearer {guest.token}", **headers}
    return Question("gateway", "GET", path, told)


@pytest.mark.parametrize("what", [*BROKEN, WRONG_TOKEN])
def test_no_usable_answer_is_502(apart: Apart, guest: Guest, what: str) -> None:
    """Whatever is asked for, an answer that is none is told as such, and nothing of it is shown."""
    rows = [each for each in answers() if each.service == "gateway" and each.status == 502]
    for heard in apart.hear(question(each, guest, **{HEADER: what}) for each in rows):
        with step(str(heard.asked)):
            refused(heard.response, 502, apart.innards)
            in_time(heard.took_s, 502)


@pytest.mark.parametrize("service", OTHER)
def test_a_service_that_is_away_is_named_by_health_alone(
    apart: Apart, guest: Guest, service: str
) -> None:
    """With one service away its calls are 502 and the other's go on; health says which it is."""
    asked = [ask(guest, PATHS[service]), ask(guest, PATHS[OTHER[service]])]
    with apart.doors[service].shut():
        gone, goes_on = apart.hear(asked)
        refused(gone.response, 502, apart.innards)
        expect(str(goes_on.asked), expected=200, came=goes_on.response.status_code)
        expect("who is away", expected=[service], came=failing(apart))
    expect("who is away afterwards", expected=[], came=failing(apart))


@pytest.mark.parametrize("what", ["silent", "rubbish", "a page", "a redirect"])
def test_health_is_no_better_than_what_is_behind(apart: Apart, what: str) -> None:
    """A service that does not say that it is well is not taken for well, within 2 s."""
    with apart.doors["keys"].always(what):
        expect("who is not well", expected=["keys"], came=failing(apart))
    expect("who is not well afterwards", expected=[], came=failing(apart))

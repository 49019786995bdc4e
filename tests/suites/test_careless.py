"""Defects in real processes are found by the journeys that have a stack of their own."""

import json
from pathlib import Path

import yaml

from harness.environment import find
from harness.model import Outcome
from tests.suites.test_journeys import JOURNEYS, run

# By test, part of what it says.
FOUND = {
    "test_outages.test_what_is_too_slow_is_504_at_five_seconds": "504 between 4.9 and 8 s",
    "test_apart.test_no_usable_answer_is_502[a page]": "status: 502, 200",
    "test_apart.test_no_usable_answer_is_502[a trace]": "status: 502, 500",
    "test_apart.test_no_usable_answer_is_502[a redirect]": "status: 502, 302",
    "test_apart.test_a_service_that_is_away_is_named_by_health_alone[keys]": (
        "who is away: ['keys'], []"
    ),
    "test_apart.test_health_is_no_better_than_what_is_behind[a page]": (
        "who is not well: ['keys'], []"
    ),
    "test_limits.test_the_sixth_login_of_a_client_is_refused_until_the_first_is_over": (
        "refused after the time that was given: 0, 1"
    ),
    "test_limits.test_the_other_limits_lift_by_their_own_word_too": "status: 429, 200",
    "test_limits.test_a_limit_is_of_one_address_which_a_client_cannot_choose": (
        "the login from the address that was claimed: 200, 429"
    ),
    "test_limits.test_who_asks_for_many_emails_is_refused": "status: 429, 409",
    "test_limits.test_a_token_ends_when_its_time_is_over": (
        "what it gets after its end: {401}, {200}"
    ),
    "test_one_request.test_one_id_is_in_the_logs_of_all_who_took_part[/account/teams/x-account]": (
        "the request's id"
    ),
    "test_one_request.test_one_id_is_in_the_logs_of_all_who_took_part[/keys/secrets-keys]": (
        "the request is logged: True, False"
    ),
    "test_one_request.test_logs_hold_nothing_that_is_secret": (
        "who has written the token: [], ['gateway.log']"
    ),
}


def careless(folder: Path) -> None:
    """Writes an environment whose services are not what they should be."""
    tree = yaml.safe_load(find("local").read_text())
    for name in ("gateway", "auth", "account", "edge"):
        program = tree["stack"]["services"][name]["python"]
        program["app"] = f"tests.suites.careless.{name}:app"
    (folder / "here.yaml").write_text(json.dumps(tree))


def test_each_is_found_by_the_test_that_is_about_it(tmp_path: Path) -> None:
    careless(tmp_path)
    names = [f"{JOURNEYS}/{name.replace('.test', '.py::test', 1)}" for name in FOUND]
    told = {
        id_.partition("journeys.")[2]: f"{came['message']}: {came['expected']}, {came['came']}"
        for id_, came in run(tmp_path, *names).items()
        if came["outcome"] == Outcome.FAIL
    }
    found = {name: told.get(name, "nothing") for name in FOUND}
    assert {name: each for name, each in found.items() if FOUND[name] not in each} == {}

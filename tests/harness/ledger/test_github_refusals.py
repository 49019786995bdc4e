"""GitHub (a stand-in) refuses, or answers something else: told, and never taken for an entry."""

from typing import Any

import pytest

from harness.errors import LedgerError
from tests.harness.ledger.noted import noted
from tests.harness.ledger.on_github import ledger, told
from tests.harness.ledger.stand_in import REPOSITORY, GitHub


@pytest.mark.parametrize(
    ("settings", "why"),
    [
        ({"token": "ghp_wrong"}, "the token is not accepted, it may have expired: Bad credentials"),
        ({"repository": "some-owner/gone"}, "there is no repository some-owner/gone that this"),
    ],
)
def test_refusals_are_told_with_what_would_help(
    github: GitHub, settings: dict[str, str], why: str
) -> None:
    one = ledger(github, **settings)
    for action in (one.entries, lambda: one.append(noted())):
        with pytest.raises(LedgerError, match=why):
            action()


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        ((422, {"message": "Validation Failed", "errors": [{"field": "ref"}, "x"]}), "422.*ref; x"),
        ((409, {"message": "Conflict"}), "refused with 409: Conflict"),
        ((202, {"message": "Auto-merged"}), "nothing was made: Auto-merged"),
        ((200, {}), "nothing was made"),
        ((400, b"<html>"), "refused with 400"),
        ((201, b"<html>"), "answers 201, not in JSON"),
        ((201, []), "is not what it was given"),
    ],
)
def test_what_made_no_deployment_is_an_error(github: GitHub, answer: Any, why: str) -> None:
    github.instead = [told(*answer)]
    with pytest.raises(LedgerError, match=why):
        ledger(github).append(noted())


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        ((200, b"<html>"), "answers 200, not in JSON"),
        ((200, {"message": "hello"}), "not the list that was asked for"),
        ((202, []), "not the list that was asked for"),
        ((200, [{"id": 1}]), "are no deployments"),
        ((200, ["x"]), "are no deployments"),
    ],
)
def test_what_is_no_list_of_deployments_is_an_error(github: GitHub, answer: Any, why: str) -> None:
    github.instead = [told(*answer)]
    with pytest.raises(LedgerError, match=why):
        ledger(github).entries()


def test_pages_in_a_circle_end(github: GitHub) -> None:
    address = f'<{github.url}/repos/{REPOSITORY}/deployments?page=2>; rel="next"'
    github.instead = [told(200, [], {"link": address})] * 9
    with pytest.raises(LedgerError, match="lead in a circle"):
        ledger(github).entries()

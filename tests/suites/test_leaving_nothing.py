"""A check removes what it made, also where it fails in the middle and nobody else could."""

from pathlib import Path

import pytest
from starlette.requests import Request
from starlette.responses import Response

from harness.model import Outcome
from tests.planting import Defect, Forward, instead, members, when
from tests.suites.conftest import Users
from tests.suites.defects import DEFECTS
from tests.suites.defects.remembering import SECRETS
from tests.suites.smoking import (
    HEADERS,
    OTHER_USER,
    OWNERS_ALONE,
    SECRET,
    USER,
    journal,
    outcomes,
    smoke,
)
from tests.suites.system import System

NOBODY_LEAVES = DEFECTS["users cannot leave"].defect


def both(one: Defect, other: Defect) -> Defect:
    async def defect(request: Request, forward: Forward) -> Response:
        async def further(asked: Request) -> Response:
            return await other(asked, forward)

        return await one(request, further)

    return defect


@pytest.mark.parametrize(
    ("name", "failing"),
    [
        ("another name", SECRET),
        ("a secret that is not listed", SECRET),
        ("another ciphertext", SECRET),
        ("an update that is not written", SECRET),
        ("a deleted secret that can be read", SECRET),
        ("another user's audit log can be read", OWNERS_ALONE),
        ("another user's secret can be updated", OWNERS_ALONE),
        ("another user's secret is listed", OWNERS_ALONE),
        ("a user's id beats the token for secrets", HEADERS),
    ],
)
def test_secrets_go_without_their_user(
    system: System, users_left: Users, tmp_path: Path, name: str, failing: str
) -> None:
    with system.broken("gateway", both(NOBODY_LEAVES, DEFECTS[name].defect)):
        record = smoke(system.environment(), tmp_path)
    assert outcomes(record)[failing] is Outcome.FAIL
    assert (users_left.secrets(), len(users_left.emails())) == ([], 2)
    assert journal(record) == {"created": 2}


def test_a_cleanup_that_fails_too_hides_no_failure(
    system: System, users_left: Users, tmp_path: Path
) -> None:
    wrong = both(
        when("DELETE", SECRETS, instead(403)), when("POST", SECRETS, members(name="another"))
    )
    with system.broken("gateway", wrong):
        record = smoke(system.environment(), tmp_path)
    result = next(result for result in record.results if result.id == SECRET)
    assert (result.outcome, result.message) == (Outcome.FAIL, "name")
    assert users_left.emails() == []


def test_a_check_that_passes_asks_for_no_second_deletion(
    system: System, users_left: Users, tmp_path: Path
) -> None:
    record = smoke(system.environment(), tmp_path)
    result = next(result for result in record.results if result.id == SECRET)
    methods = [exchange.method for exchange in result.attempts[0].exchanges]
    assert methods.count("DELETE") == 1


@pytest.mark.parametrize("user", [USER, OTHER_USER])
def test_users_are_deleted_without_another_login(
    system: System, users_left: Users, tmp_path: Path, user: str
) -> None:
    record = smoke(system.environment(), tmp_path)
    made, left = next(result for result in record.results if result.id == user).attempts
    assert [e.step for e in made.exchanges] == ["signup", "login"]
    assert [(e.method, e.step) for e in left.exchanges] == [("DELETE", "delete the user")]

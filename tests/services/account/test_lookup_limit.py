"""Asking who has an email is limited, for each user by themselves."""

from collections.abc import Callable
from dataclasses import replace

import httpx
import pytest
from starlette.types import ASGIApp

from services.account.app import create
from tests.services.account.conftest import Person, settings, team_key

LOOKUPS = 3


@pytest.fixture
def limited(
    serve: Callable[[ASGIApp], httpx.Client], account_database: str, ada: Person, ben: Person
) -> tuple[Person, Person]:
    """The same two people at an instance with a low limit."""
    client = serve(create(settings(account_database, lookups=LOOKUPS)))
    return replace(ada, client=client), replace(ben, client=client)


def search(person: Person) -> httpx.Response:
    return person.call("GET", "/users/search", params={"email": "nobody@example.org"})


def test_lookups_of_one_user_are_limited_and_not_those_of_another(
    limited: tuple[Person, Person],
) -> None:
    ada, ben = limited
    assert [search(ada).status_code for _ in range(LOOKUPS)] == [404] * LOOKUPS
    refused = search(ada)
    assert refused.status_code == 429
    assert 1 <= int(refused.headers["retry-after"]) <= 60
    assert search(ben).status_code == 404


def test_adding_members_counts_as_a_lookup(limited: tuple[Person, Person]) -> None:
    ada, ben = limited
    team_id = ada.team()
    for _ in range(LOOKUPS):
        search(ada)
    assert ada.add(team_id, ben).status_code == 429


def test_refusal_for_the_limit_does_not_use_up_an_idempotency_key(
    limited: tuple[Person, Person], ada: Person, ben: Person
) -> None:
    hasty, _ = limited
    team_id = hasty.team()
    for _ in range(LOOKUPS):
        search(hasty)
    body = {"email": ben.email, "role": "member", "encrypted_team_key": team_key()}
    path, key = f"/teams/{team_id}/members", "the-same-key"
    assert hasty.post(path, body, Idempotency_Key=key).status_code == 429
    # The other instance has a limit of its own, which is not reached.
    assert ada.post(path, body, Idempotency_Key=key).status_code == 201

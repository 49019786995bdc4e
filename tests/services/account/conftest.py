"""The service account, run for real, and users made by SQL."""

import base64
import itertools
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from random import Random
from typing import Any

import httpx
import pytest
from pydantic import SecretStr

from services.account.app import create
from services.account.settings import AccountSettings
from tests import postgres
from tests.services.conftest import Servers
from tests.services.lock import Lock

INTERNAL_TOKEN = "an-internal-token-for-tests-of-32-bytes"
Sql = Callable[..., list[tuple[Any, ...]]]

_random = Random(3)
_numbers = itertools.count()


def settings(database_url: str, *, lookups: int = 10_000) -> AccountSettings:
    return AccountSettings.model_validate(
        {
            "environment": "dev",
            "release_id": "r1",
            "instance_id": "i1",
            "internal_token": INTERNAL_TOKEN,
            "database_url": SecretStr(database_url),
            "rate_limit_lookup": lookups,
        }
    )


def team_key() -> str:
    """What an encrypted team key looks like."""
    return base64.b64encode(_random.randbytes(256)).decode()


@dataclass(frozen=True)
class Person:
    """A user, who calls as the gateway would call for them."""

    client: httpx.Client
    user_id: str
    email: str
    public_key: str

    def call(self, method: str, path: str, **more: Any) -> httpx.Response:
        headers = {
            "X-Internal-Token": INTERNAL_TOKEN,
            "X-User-ID": self.user_id,
            **more.pop("headers", {}),
        }
        return self.client.request(method, f"/account{path}", headers=headers, **more)

    def get(self, path: str) -> httpx.Response:
        return self.call("GET", path)

    def post(self, path: str, body: object, **headers: str) -> httpx.Response:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.call("POST", path, json=body, headers=named)

    def put(self, path: str, body: object) -> httpx.Response:
        return self.call("PUT", path, json=body)

    def delete(self, path: str) -> httpx.Response:
        return self.call("DELETE", path)

    def team(self, **members: "Person") -> str:
        """A new team of this person's; the others are in it by role (`admin`, `member_2`, …)."""
        answer = self.post("/teams", {"name": "Team", "encrypted_team_key": team_key()})
        assert answer.status_code == 201
        team_id = str(answer.json()["team_id"])
        for role, member in members.items():
            assert self.add(team_id, member, role.partition("_")[0]).status_code == 201
        return team_id

    def add(self, team_id: str, person: "Person", role: str = "member") -> httpx.Response:
        body = {"user_id": person.user_id, "role": role, "encrypted_team_key": team_key()}
        return self.post(f"/teams/{team_id}/members", body)

    def roles(self, team_id: str) -> dict[str, str]:
        """The roles of a team's members by their ids, as this person sees them."""
        answer = self.get(f"/teams/{team_id}")
        assert answer.status_code == 200
        return {member["user_id"]: member["role"] for member in answer.json()["members"]}


@pytest.fixture(scope="session")
def account_database(postgres_server: postgres.Server) -> Iterator[str]:
    """One for all tests: each makes users and teams of its own."""
    postgres_server.query(
        "postgres", "CREATE DATABASE account TEMPLATE migrated STRATEGY FILE_COPY"
    )
    yield postgres_server.url("account")
    postgres_server.query("postgres", "DROP DATABASE account WITH (FORCE)")


@pytest.fixture(scope="session")
def account(account_database: str) -> Iterator[httpx.Client]:
    with Servers() as servers:
        yield servers.start(create(settings(account_database)))


@pytest.fixture(scope="session")
def sql(postgres_server: postgres.Server, account_database: str) -> Sql:
    return partial(postgres_server.query, account_database.rpartition("/")[2])


@pytest.fixture(scope="session")
def new_person(account: httpx.Client, sql: Sql) -> Callable[[], Person]:
    def make() -> Person:
        email = f"user-{next(_numbers)}@example.org"
        public_key = base64.b64encode(_random.randbytes(294)).decode()
        ((user_id,),) = sql(
            "INSERT INTO users (email, auth_hash, encrypted_vault_key, encrypted_private_key, "
            "public_key) VALUES ($1, 'hidden-1', 'hidden-2', 'hidden-3', $2) RETURNING id",
            email,
            public_key,
        )
        return Person(account, str(user_id), email, public_key)

    return make


@pytest.fixture
def lock(account_database: str) -> Iterator[Callable[..., Lock]]:
    """Locks what a statement locks; whatever a test leaves locked is released at its end."""
    held: list[Lock] = []

    def hold(statement: str, *arguments: Any) -> Lock:
        held.append(Lock(account_database, statement, *arguments))
        return held[-1]

    yield hold
    for each in held:
        each.release()


@pytest.fixture
def ada(new_person: Callable[[], Person]) -> Person:
    return new_person()


@pytest.fixture
def ben(new_person: Callable[[], Person]) -> Person:
    return new_person()


@pytest.fixture
def cleo(new_person: Callable[[], Person]) -> Person:
    return new_person()


@pytest.fixture
def dan(new_person: Callable[[], Person]) -> Person:
    return new_person()


@pytest.fixture
def unknown_id() -> str:
    return str(uuid.UUID(int=_random.getrandbits(128), version=4))

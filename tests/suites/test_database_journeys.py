"""The journeys through the database find what is planted in it, and pass before."""

import inspect
import json
from base64 import b64encode
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import cached_property
from importlib import import_module
from pathlib import Path

import pytest

from harness.errors import ContractViolation, NoData
from harness.requirements import declare
from harness.trail import Trail
from suites.journeys.crew import Crew
from suites.keyarc.database import Database, looking
from suites.keyarc.person import Person, present
from suites.keyarc.visit import Visit, visiting
from tests import postgres
from tests.harness.cli.command import ROOT
from tests.suites.conftest import DATABASE, Users
from tests.suites.stored_defects import DEFECTS
from tests.suites.system import System

FILES = sorted((ROOT / "suites" / "journeys").glob("test_database_*.py"))
NO_PLAINTEXT = "test_no_plaintext_is_stored"
Journey = Callable[..., None]


@pytest.fixture(autouse=True)
def _markers_are_known(pytestconfig: pytest.Config) -> None:
    """As in a session with `--env`: suites cannot be imported without."""
    declare(pytestconfig)


def journeys() -> dict[str, Journey]:
    """All that go through the database."""
    modules = [import_module(f"suites.journeys.{file.stem}") for file in FILES]
    named = {name: value for module in modules for name, value in vars(module).items()}
    return {name: value for name, value in named.items() if name.startswith("test_")}


@pytest.fixture
def visit(system: System, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Visit]:
    monkeypatch.setenv("KEYARC_JOURNEYS_ROUNDS", "3")
    monkeypatch.setenv("KEYARC_ARGON2_COST", "1.64.1")
    (tmp_path / "here.yaml").write_text(json.dumps(system.declaration()))
    with visiting(str(tmp_path / "here.yaml"), tmp_path) as visit:
        yield visit


class Cast:
    """Who and what a journey may ask for, by the names of its parameters.

    People come when they are asked for, and do not leave: a defect takes along what was made.
    """

    def __init__(self, visit: Visit, url: str, stack: ExitStack) -> None:
        self.visit = visit
        self.url = url
        self._stack = stack

    @cached_property
    def owner(self) -> Person:
        return self._enter()

    @cached_property
    def admin(self) -> Person:
        return self._enter()

    @cached_property
    def member(self) -> Person:
        return self._enter()

    @property
    def crew(self) -> Crew:
        return Crew.founded(self.owner)

    @property
    def database(self) -> Database:
        return self._stack.enter_context(looking(self.url, self.visit.loop))

    def play(self, journey: Journey) -> None:
        with Trail().followed():
            journey(**{name: getattr(self, name) for name in inspect.signature(journey).parameters})

    def _enter(self) -> Person:
        person = self._stack.enter_context(present(self.visit, quick=True))
        self._stack.callback(person.has_left)
        return person


@pytest.fixture
def cast(visit: Visit, postgres_server: postgres.Server) -> Iterator[Cast]:
    with ExitStack() as stack:
        yield Cast(visit, postgres_server.url(DATABASE), stack)
    postgres_server.query(DATABASE, "TRUNCATE users, teams CASCADE")


def test_every_journey_through_the_database_has_a_defect() -> None:
    shown = {planted.journey for planted in DEFECTS.values()}
    assert shown | {NO_PLAINTEXT} == journeys().keys()


def test_all_pass_on_keyarc(cast: Cast, users_left: Users, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KEYARC_JOURNEYS_ROUNDS", "1")
    for journey in journeys().values():
        cast.play(journey)
    assert users_left.emails() == sorted(
        person.identity.email for person in (cast.owner, cast.admin, cast.member)
    )


@pytest.mark.parametrize("name", DEFECTS)
def test_each_is_found(cast: Cast, postgres_server: postgres.Server, name: str) -> None:
    planted = DEFECTS[name]
    journey = journeys()[planted.journey]
    defect = planted.defect.planted(postgres_server, DATABASE)
    with defect, pytest.raises(ContractViolation) as found:
        cast.play(journey)
    assert planted.says in str(found.value)


@pytest.mark.parametrize(
    ("column", "what"),
    [
        ("display_name", "vault key of an admin"),
        ("auth_hash", "auth hash as sent of an admin"),
        ("public_key", "password of an admin"),
    ],
)
def test_a_plaintext_is_found(
    cast: Cast, postgres_server: postgres.Server, column: str, what: str
) -> None:
    journey = journeys()[NO_PLAINTEXT]
    plaintext = {
        "vault key of an admin": b64encode(cast.admin.keyring.vault_key).decode(),
        "auth hash as sent of an admin": cast.admin.identity.auth_hash(),
        "password of an admin": f"({cast.admin.identity.password.upper()})",
    }[what]
    change = f"UPDATE users SET {column} = $1 WHERE id = $2"
    postgres_server.query(DATABASE, change, plaintext, cast.admin.id)
    with pytest.raises(ContractViolation) as found:
        cast.play(journey)
    assert f"{what} in users.{column}" in str(found.value)


def test_what_journeys_see_is_read_only(visit: Visit, postgres_server: postgres.Server) -> None:
    url = postgres_server.url(DATABASE)
    refused = pytest.raises(NoData, match="ReadOnlySQLTransactionError")
    with looking(url, visit.loop) as database, refused:
        database.rows("DELETE FROM users")

"""A write under way is overtaken neither by later rows in a list nor by what would refuse it."""

import asyncio
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import asyncpg
import httpx
import pytest

from services.keys.app import create
from services.keys.settings import KeysSettings
from tests.services.conftest import Servers
from tests.services.keys.world import SECRET, Person, Team, World, items

# What is called slow, and views by somebody called so, get their time and wait to be written.
TRIGGERS = """
CREATE FUNCTION wait_at_gate() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN PERFORM pg_advisory_xact_lock(42); RETURN NEW; END $$;
CREATE TRIGGER gate BEFORE INSERT ON secrets
    FOR EACH ROW WHEN (NEW.name = 'slow') EXECUTE FUNCTION wait_at_gate();
CREATE TRIGGER gate BEFORE INSERT ON folders
    FOR EACH ROW WHEN (NEW.name = 'slow') EXECUTE FUNCTION wait_at_gate();
CREATE FUNCTION wait_if_slow() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN
    PERFORM pg_advisory_xact_lock(42) FROM users WHERE id = NEW.actor_id AND display_name = 'slow';
    RETURN NEW;
END $$;
CREATE TRIGGER gate BEFORE INSERT ON audit_log
    FOR EACH ROW WHEN (NEW.action = 'view') EXECUTE FUNCTION wait_if_slow();
"""
CLEANUP = "DROP FUNCTION wait_at_gate CASCADE; DROP FUNCTION wait_if_slow CASCADE"
WAITING = "SELECT count(*) FROM pg_locks WHERE NOT granted"


class Gate:
    """Holds up what is slow until it is opened."""

    def __init__(self, database_url: str, http: httpx.Client) -> None:
        self._http = http
        self._loop = asyncio.Runner()
        self._connection = self._loop.run(asyncpg.connect(database_url))
        self._pool = ThreadPoolExecutor(3)
        self._started: list[Future[Any]] = []
        self._do(TRIGGERS)
        self._do("SELECT pg_advisory_lock(42)")

    def patient(self, person: Person) -> Person:
        """The same user, at the service whose statements may wait."""
        return Person(person.id, self._http)

    def start(self, act: Callable[[], Any]) -> "Future[Any]":
        """Begins something, and returns once it is done or waits for something else."""
        before = self._waiting()
        begun = self._pool.submit(act)
        self._started.append(begun)
        deadline_s = time.monotonic() + 10
        while not begun.done() and self._waiting() == before:
            assert time.monotonic() < deadline_s
            time.sleep(0.005)
        return begun

    def open(self) -> None:
        """Lets all end that was started, the first of which had to wait."""
        assert not self._started[0].done()
        self._do("SELECT pg_advisory_unlock(42)")
        for each in self._started:
            each.result(15)

    def close(self) -> None:
        self._do("SELECT pg_advisory_unlock_all()")
        self._pool.shutdown()
        self._do(CLEANUP)
        self._loop.run(self._connection.close())
        self._loop.close()

    def _waiting(self) -> int:
        count: int = self._loop.run(self._connection.fetchval(WAITING))
        return count

    def _do(self, sql: str) -> None:
        self._loop.run(self._connection.execute(sql))


@pytest.fixture
def gate(settings: KeysSettings, monkeypatch: pytest.MonkeyPatch) -> Iterator[Gate]:
    monkeypatch.setattr("services.database.STATEMENT_LIMIT_S", 20.0)
    with Servers() as servers:
        gate = Gate(settings.database_url.get_secret_value(), servers.start(create(settings)))
        yield gate
        gate.close()


def assert_nothing_came_before(meanwhile: list[str], after: list[str]) -> None:
    assert after[: len(meanwhile)] == meanwhile


def test_secrets_appear_in_their_order(gate: Gate, ada: Person) -> None:
    ada = gate.patient(ada)
    gate.start(lambda: ada.secret(name="slow"))
    gate.start(lambda: ada.secret(name="fast"))
    meanwhile = gate.start(ada.names)
    gate.open()
    assert ada.names() == ["slow", "fast"]
    assert_nothing_came_before(meanwhile.result(), ada.names())


def test_secrets_of_one_team_appear_in_their_order(gate: Gate, team: Team) -> None:
    owner, admin = gate.patient(team.owner), gate.patient(team.admin)
    gate.start(lambda: owner.secret(name="slow", **team.owned))
    gate.start(lambda: admin.secret(name="fast", **team.owned))
    meanwhile = gate.start(lambda: owner.names(team_id=team.id))
    gate.open()
    assert owner.names(team_id=team.id) == ["slow", "fast"]
    assert_nothing_came_before(meanwhile.result(), owner.names(team_id=team.id))


def test_folders_appear_in_their_order(gate: Gate, ada: Person) -> None:
    ada = gate.patient(ada)
    gate.start(lambda: ada.folder("slow"))
    gate.start(lambda: ada.folder("fast"))
    meanwhile = gate.start(lambda: ada.names("/folders"))
    gate.open()
    assert ada.names("/folders") == ["slow", "fast"]
    assert_nothing_came_before(meanwhile.result(), ada.names("/folders"))


def test_expiring_secrets_of_several_owners_appear_in_their_order(gate: Gate, team: Team) -> None:
    owner, member = gate.patient(team.owner), gate.patient(team.member)
    past = {"expires_at": "2000-01-01T00:00:00Z"}
    gate.start(lambda: member.secret(name="slow", **past))
    gate.start(lambda: owner.secret(name="fast", **past, **team.owned))
    meanwhile = gate.start(lambda: member.names("/secrets/expiring"))
    gate.open()
    assert member.names("/secrets/expiring") == ["slow", "fast"]
    assert_nothing_came_before(meanwhile.result(), member.names("/secrets/expiring"))


def test_audit_entries_appear_in_their_order(gate: Gate, team: Team, world: World) -> None:
    owner, member = gate.patient(team.owner), gate.patient(team.member)
    world.query("UPDATE users SET display_name = 'slow' WHERE id = $1", member.id)
    secret = owner.secret(**team.owned)["id"]

    def actors() -> list[str]:
        return [entry["actor_id"] for entry in items(owner.get("/audit", secret_id=secret))]

    gate.start(lambda: member.get(f"/secrets/{secret}"))
    gate.start(lambda: owner.get(f"/secrets/{secret}"))
    meanwhile = gate.start(actors)
    gate.open()
    assert [owner.id, owner.id, member.id, owner.id] == actors()
    assert_nothing_came_before(meanwhile.result(), actors())


def test_views_do_not_wait_for_each_other(gate: Gate, team: Team, world: World) -> None:
    owner, member = gate.patient(team.owner), gate.patient(team.member)
    world.query("UPDATE users SET display_name = 'slow' WHERE id = $1", member.id)
    secret = owner.secret(**team.owned)["id"]
    gate.start(lambda: member.get(f"/secrets/{secret}"))
    assert gate.start(lambda: owner.get(f"/secrets/{secret}")).result().status_code == 200
    gate.open()


REFUSALS: dict[str, Callable[[World, Team], None]] = {
    "leaving the team": lambda world, team: world.leave(team.id, team.admin),
    "a lower role": lambda world, team: world.join(team.id, team.admin, "member"),
    "deletion of the team": lambda world, team: world.delete_team(team),
    "deletion of the user": lambda world, team: world.delete_person(team.admin),
}


@pytest.mark.parametrize("refusal", REFUSALS.values(), ids=REFUSALS)
@pytest.mark.parametrize("path", ["/secrets", "/folders"])
def test_what_takes_the_right_away_waits_for_what_used_it(
    gate: Gate, team: Team, world: World, refusal: Callable[[World, Team], None], path: str
) -> None:
    admin = gate.patient(team.admin)
    body = (SECRET if path == "/secrets" else {}) | {"name": "slow"} | team.owned
    created = gate.start(lambda: admin.post(path, body))
    refused_from_now = gate.start(lambda: refusal(world, team))
    assert not refused_from_now.done()
    gate.open()
    assert created.result().status_code == 201
    assert admin.post(path, body).status_code in {401, 403, 404}

"""What a killed run left behind is removed from its journal and the seed."""

import asyncio
import json
from pathlib import Path

import pytest
import yaml

from harness.errors import UsageError
from harness.exchange import EvidenceClient
from harness.records import JOURNAL, Journal
from harness.target import Target
from suites.keyarc import cleanup
from suites.keyarc.account import Account
from suites.keyarc.auth import Auth
from suites.keyarc.cryptography import Cost, LockedKeys, blob
from suites.keyarc.identity import Identities, Identity
from suites.keyarc.journal import left
from tests.suites.conftest import Users
from tests.suites.system import System

SEED = "a seed that the tests use"
RUN = "20260102T030405Z-9f3a1c"
IDENTITIES = Identities(SEED)
CHEAP = Cost(time=1, memory_kib=64, parallelism=1)


def enter(system: System, identity: Identity) -> str:
    auth = Auth(system.clients["auth"])
    who = {"email": identity.email, "auth_hash": identity.auth_hash()}
    auth.signup(**who, keys=LockedKeys.random())
    return auth.login(**who).access_token


def clean(system: System, directory: Path, identities: Identities) -> dict[str, bool]:
    async def run() -> dict[str, bool]:
        client = EvidenceClient()
        services = system.environment().services
        targets = {name: Target(name, service, client) for name, service in services.items()}
        try:
            return await cleanup.clean(directory, targets, identities)
        finally:
            await client.close()

    return asyncio.run(run())


@pytest.mark.parametrize("cost", [None, CHEAP])
def test_a_user_that_was_left_is_removed_once(
    system: System, users_left: Users, tmp_path: Path, cost: Cost | None
) -> None:
    identity = IDENTITIES.new(RUN, cost)
    Journal(tmp_path).created("user", identity.email)
    enter(system, identity)
    assert users_left.emails() == [identity.email]
    assert clean(system, tmp_path, IDENTITIES) == {identity.email: True}
    assert users_left.emails() == []
    assert clean(system, tmp_path, IDENTITIES) == {}


def test_a_user_that_was_never_made_is_no_trouble(
    system: System, users_left: Users, tmp_path: Path
) -> None:
    identity = IDENTITIES.new(RUN)
    Journal(tmp_path).created("user", identity.email)
    assert clean(system, tmp_path, IDENTITIES) == {identity.email: False}
    assert left(tmp_path) == []


def test_the_last_owner_of_a_team_is_removed_with_it(
    system: System, users_left: Users, tmp_path: Path
) -> None:
    owner, member = IDENTITIES.new(RUN), IDENTITIES.new(RUN)
    account = Account(system.clients["gateway"], enter(system, owner))
    enter(system, member)
    team = account.create_team(name="left", encrypted_team_key=blob(228))
    account.add_member(team.team_id, user=member.email, role="member", encrypted_team_key=blob(228))
    Journal(tmp_path).created("user", owner.email)
    assert clean(system, tmp_path, IDENTITIES) == {owner.email: True}
    assert users_left.emails() == [member.email]


def test_only_what_was_not_removed_is_left(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    for kind, name in (("user", "a"), ("user", "b"), ("deployment", "c")):
        journal.created(kind, name)
    journal.removed("user", "a")
    assert left(tmp_path) == ["b"]


def test_another_seed_removes_nothing(system: System, users_left: Users, tmp_path: Path) -> None:
    identity = IDENTITIES.new(RUN)
    Journal(tmp_path).created("user", identity.email)
    enter(system, identity)
    with pytest.raises(UsageError, match="another seed"):
        clean(system, tmp_path, Identities(SEED + "!"))
    assert users_left.emails() == [identity.email]
    assert left(tmp_path) == [identity.email]


@pytest.fixture
def environment_file(system: System, tmp_path: Path) -> Path:
    file = tmp_path / "here.yaml"
    services = {name: {"url": system.url(name)} for name in system.clients}
    file.write_text(yaml.safe_dump({"name": "here", "services": services}))
    return file


def test_the_command_says_whom_it_removed(
    system: System,
    users_left: Users,
    environment_file: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("KEYARC_IDENTITY_SEED", SEED)
    run = environment_file.parent / "run"
    run.mkdir()
    identity = IDENTITIES.new(RUN)
    Journal(run).created("user", identity.email)
    enter(system, identity)
    assert cleanup.main(["--env", str(environment_file), str(run)]) == 0
    assert f"removed: {identity.email}" in capsys.readouterr().out
    assert users_left.emails() == []


def test_the_command_stops_where_the_system_does(
    environment_file: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KEYARC_IDENTITY_SEED", SEED)
    tree = yaml.safe_load(environment_file.read_text())
    tree["services"]["auth"]["url"] = "http://127.0.0.1:1"
    environment_file.write_text(yaml.safe_dump(tree))
    Journal(environment_file.parent).created("user", IDENTITIES.new(RUN).email)
    assert cleanup.main(["--env", str(environment_file), str(environment_file.parent)]) == 20
    assert "POST /login" in capsys.readouterr().err
    assert len(left(environment_file.parent)) == 1


@pytest.mark.parametrize(
    ("journal", "message"),
    [
        (None, "no journal in"),
        ("not json\n", "is no journal"),
        ('{"event": "created"}\n', "is no journal"),
        ("[]\n", "is no journal"),
        (json.dumps({"event": "created", "kind": "user", "name": "a@b.c"}), "no test user"),
    ],
)
def test_the_command_says_what_is_wrong_with_its_input(
    environment_file: Path, capsys: pytest.CaptureFixture[str], journal: str | None, message: str
) -> None:
    run = environment_file.parent / "run"
    run.mkdir()
    if journal is not None:
        (run / JOURNAL).write_text(journal)
    assert cleanup.main(["--env", str(environment_file), str(run)]) == 2
    assert message in capsys.readouterr().err

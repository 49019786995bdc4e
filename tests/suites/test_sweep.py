"""What a killed run left behind is removed: by its journal and the seed, or by the database."""

import asyncio
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from harness.cli._sweep_run import Request, sweep_run
from harness.errors import HarnessError, UsageError
from harness.exchange import EvidenceClient
from harness.journal import JOURNAL, Journal, left_in
from harness.sweep import tidy
from harness.target import Target
from suites.keyarc.account import Account
from suites.keyarc.auth import Auth
from suites.keyarc.cryptography import Cost, LockedKeys, blob
from suites.keyarc.identity import SEED_VARIABLE, Identities, Identity
from tests import postgres
from tests.suites.conftest import DATABASE, Users
from tests.suites.system import System

SEED = "a seed that the tests use"
RUN = "20260102T030405Z-9f3a1c"
IDENTITIES = Identities(SEED)
CHEAP = Cost(time=1, memory_kib=64, parallelism=1)
MADE = '{"event": "created", "kind": "user", "name": "%s", "at": "2026-01-02T03:04:05Z"}\n'


@dataclass
class Site:
    """A folder with the file of an environment, and the runs of it."""

    system: System
    folder: Path
    capsys: pytest.CaptureFixture[str]

    def declare(self, *, database: bool = False, **more: object) -> None:
        insight = {"insight": {"database": "${env:HERE}"}} if database else {}
        tree = {**self.system.declaration(), **insight, **more}
        (self.folder / "here.yaml").write_text(json.dumps(tree))

    def journal(self, run: str = RUN, environment: str = "test") -> Journal:
        folder = self.folder / "reports" / "runs" / run
        folder.mkdir(parents=True, exist_ok=True)
        return Journal(folder, run, environment)

    def left(self, run: str = RUN) -> list[str]:
        return left_in(self.folder / "reports" / "runs" / run)

    def sweep(self, age_s: float = 0, *, dry: bool = False) -> tuple[int, str]:
        """The exit code, and what was told."""
        code = sweep_run(Request(env="here.yaml", age_s=age_s, runs=None, is_dry=dry))
        lines = self.capsys.readouterr().out.splitlines(keepends=True)
        # The services log to the same place.
        return code, "".join(line for line in lines if not line.startswith("{"))

    def enter(self, identity: Identity) -> Account[httpx.Client]:
        """Somebody who has signed up, as they are logged in."""
        auth = Auth(self.system.clients["auth"])
        who = {"email": identity.email, "auth_hash": identity.auth_hash()}
        auth.signup(**who, keys=LockedKeys.random())
        return Account(self.system.clients["gateway"], auth.login(**who).access_token)

    def made(self, identity: Identity, run: str = RUN) -> Account[httpx.Client]:
        """The same, by a run that was killed after it."""
        journal = self.journal(run)
        journal.created("user", identity.email)
        journal.close()
        return self.enter(identity)


@pytest.fixture
def site(
    system: System,
    users_left: Users,
    postgres_server: postgres.Server,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> Site:
    monkeypatch.setenv(SEED_VARIABLE, SEED)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HERE", postgres_server.url(DATABASE))
    site = Site(system, tmp_path, capsys)
    site.declare()
    return site


@pytest.mark.parametrize("cost", [None, CHEAP])
def test_a_user_that_was_left_is_removed_once(
    site: Site, users_left: Users, cost: Cost | None
) -> None:
    identity = IDENTITIES.new(RUN, cost)
    site.made(identity)
    assert users_left.emails() == [identity.email]
    assert site.sweep() == (0, f"removed: user {identity.email}\n1 removed\n")
    assert (users_left.emails(), site.left()) == ([], [])
    assert site.sweep() == (0, "nothing to remove; 1 journal read\n")


def test_one_that_was_noted_and_never_made_was_not_there(site: Site) -> None:
    identity, journal = IDENTITIES.new(RUN), site.journal()
    journal.created("user", identity.email)
    journal.close()
    assert site.sweep() == (0, f"was not there: user {identity.email}\n1 not there\n")
    assert site.left() == []


def test_a_run_that_goes_on_is_left_alone(site: Site, users_left: Users) -> None:
    identity, journal = IDENTITIES.new(RUN), site.journal()
    journal.created("user", identity.email)
    site.enter(identity)
    site.declare(database=True)
    code, told = site.sweep()
    assert (code, f"still going on: run {RUN}" in told) == (0, True)
    assert users_left.emails() == [identity.email]
    journal.close()
    assert site.sweep()[0] == 0
    assert users_left.emails() == []


def test_the_last_owner_of_a_team_is_removed_with_it(site: Site, users_left: Users) -> None:
    owner, member = IDENTITIES.new(RUN), IDENTITIES.new(RUN)
    account = site.made(owner)
    site.enter(member)
    team = account.create_team(name="left", encrypted_team_key=blob(228))
    account.add_member(team.team_id, user=member.email, role="member", encrypted_team_key=blob(228))
    assert site.sweep()[0] == 0
    assert users_left.emails() == [member.email]


def test_what_is_too_young_stays(site: Site, users_left: Users) -> None:
    identity = IDENTITIES.new(RUN)
    site.made(identity)
    site.declare(database=True)
    assert site.sweep(60) == (0, "1 too young\n")
    assert users_left.emails() == [identity.email]


@pytest.mark.parametrize("database", [False, True])
def test_a_dry_run_tells_and_removes_nothing(
    site: Site, users_left: Users, *, database: bool
) -> None:
    identity = IDENTITIES.new(RUN)
    site.made(identity)
    site.declare(database=database)
    before = (site.folder / "reports" / "runs" / RUN / JOURNAL).read_bytes()
    told = f"would remove: user {identity.email}\n1 would be removed\n"
    assert site.sweep(dry=True) == (0, told)
    assert users_left.emails() == [identity.email]
    assert (site.folder / "reports" / "runs" / RUN / JOURNAL).read_bytes() == before


def test_another_seed_is_told_and_the_rest_goes_on(
    site: Site, users_left: Users, monkeypatch: pytest.MonkeyPatch
) -> None:
    strange = Identities(SEED + "!").new(RUN)
    site.made(strange)
    ours = IDENTITIES.new("other")
    site.made(ours, "other")
    code, told = site.sweep()
    assert code == 20
    assert f"removed: user {ours.email}" in told
    assert f"left: user {strange.email}: {strange.email} was made under another seed" in told
    assert users_left.emails() == [strange.email]
    assert site.left() == [f"user {strange.email}"]


@pytest.mark.parametrize(
    ("text", "code", "says"),
    [
        ('{"run_id": "r", "environment": "test"}\nnot json\n', 20, "left alone: reports/runs/r/"),
        ('{"run_id": "r", "environment": "test"}\n' + MADE % "a@b.c", 20, "no test user of ours"),
        (
            '{"run_id": "r", "environment": "test"}\n' + (MADE % "x").replace("user", "boat"),
            20,
            "left: boat x: no suite of test has a sweeper for it",
        ),
        ('{"run_id": "r", "environment": "test"}\n' + (MADE % "a@b.c")[:-9], 0, "nothing to"),
        ('{"run_id": "r", "environment": "other"}\n' + MADE % "a@b.c", 0, "1 journal read"),
    ],
    ids=["not a journal", "not ours", "no sweeper", "cut off", "of another environment"],
)
def test_what_a_journal_can_be(site: Site, text: str, code: int, says: str) -> None:
    site.made(IDENTITIES.new(RUN))
    (site.folder / "reports" / "runs" / "r").mkdir()
    (site.folder / "reports" / "runs" / "r" / JOURNAL).write_text(text)
    assert site.sweep()[0] == code
    again, told = site.sweep()
    assert (again, says in told) == (code, True), told


def test_a_service_that_is_down_leaves_everything(site: Site, users_left: Users) -> None:
    first, second = IDENTITIES.new(RUN), IDENTITIES.new(RUN)
    site.made(first)
    site.made(second)
    tree = site.system.declaration()
    auth = {"auth": {"url": "http://127.0.0.1:1"}}
    site.declare(services={**dict(tree["services"]), **auth})  # type: ignore[call-overload]
    code, told = site.sweep()
    assert (code, told.count("left: user"), told.count("POST /login: no answer")) == (20, 2, 2)
    assert len(users_left.emails()) == len(site.left()) == 2


def test_with_neither_journal_nor_database_nobody_can_tell(site: Site) -> None:
    with pytest.raises(HarnessError, match=r"nobody can tell what is left in test: .*--runs DIR"):
        site.sweep()


@pytest.mark.parametrize("policy", [{"production": True}, {"policy": {"write": False}}])
def test_nothing_is_removed_where_nothing_may_be_written(
    site: Site, policy: dict[str, Any]
) -> None:
    site.declare(**policy)
    with pytest.raises(UsageError, match=r"test is read-only \(policy\.write\)"):
        site.sweep()


def test_a_folder_of_runs_that_is_not_there_is_a_mistake(site: Site) -> None:
    with pytest.raises(UsageError, match="--runs: there is no folder gone"):
        sweep_run(Request(env="here.yaml", age_s=0, runs="gone", is_dry=False))


def test_the_database_tells_without_any_journal(site: Site, users_left: Users) -> None:
    owner, member, person = IDENTITIES.new(RUN), IDENTITIES.new(RUN), "ada@example.org"
    account = site.enter(owner)
    site.enter(member)
    site.enter(Identity(person, "x"))
    team = account.create_team(name="crew", encrypted_team_key=blob(228))
    account.add_member(team.team_id, user=member.email, role="owner", encrypted_team_key=blob(228))
    site.declare(database=True)
    code, told = site.sweep()
    emails = sorted([owner.email, member.email])
    gone = ["team crew", *(f"user {email}" for email in emails)]
    assert (code, told) == (0, "".join(f"removed: {one}\n" for one in gone) + "3 removed\n")
    assert users_left.emails() == [person]
    assert site.sweep() == (0, "nothing to remove; 0 journals read\n")


@pytest.mark.parametrize(
    "email", ["verify-x@keyarc-verify.test", "nobody@keyarc-verify.test", "a@example.org"]
)
def test_the_database_keeps_whoever_no_run_has_made(
    site: Site, users_left: Users, email: str
) -> None:
    site.enter(Identity(email, "x"))
    site.declare(database=True)
    assert site.sweep()[0] == 0
    assert users_left.emails() == [email]


def test_a_team_with_anybody_else_in_it_keeps_its_owner(site: Site, users_left: Users) -> None:
    owner, person = IDENTITIES.new(RUN), Identity("ada@example.org", "x")
    account = site.enter(owner)
    site.enter(person)
    team = account.create_team(name="crew", encrypted_team_key=blob(228))
    account.add_member(team.team_id, user=person.email, role="member", encrypted_team_key=blob(228))
    site.declare(database=True)
    code, told = site.sweep()
    assert (code, "the only owner of a team that others are in" in told) == (20, True)
    assert users_left.emails() == [person.email, owner.email]


def test_a_database_that_is_down_is_told_and_journals_go_on(
    site: Site, users_left: Users, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HERE", "postgresql://nobody:secret@127.0.0.1:1/none")
    site.made(IDENTITIES.new(RUN))
    site.declare(database=True)
    code, told = site.sweep()
    assert (code, "left: what is stored: insight.database:" in told) == (20, True)
    assert "secret" not in told
    assert users_left.emails() == []


def test_a_run_that_has_just_ended_is_tidied(site: Site, users_left: Users) -> None:
    identity = IDENTITIES.new(RUN)
    site.made(identity)
    assert tidied(site) == []
    assert (users_left.emails(), site.left()) == ([], [])


def test_what_cannot_be_tidied_is_told(site: Site) -> None:
    site.made(Identities(SEED + "!").new(RUN))
    (told,) = tidied(site)
    assert "was made under another seed" in told
    assert len(site.left()) == 1


def test_what_somebody_still_writes_is_not_taken_for_tidy(site: Site) -> None:
    journal = site.journal()
    journal.created("user", "somebody")
    (told,) = tidied(site)
    journal.close()
    assert told.endswith("journal.jsonl names: somebody still writes to it")


def tidied(site: Site) -> list[str]:
    async def run() -> list[str]:
        client, environment = EvidenceClient(), site.system.environment()
        targets = {
            name: Target(name, service, client) for name, service in environment.services.items()
        }
        try:
            return await tidy(environment, site.folder / "reports" / "runs" / RUN, targets)
        finally:
            await client.close()

    return asyncio.run(run())

"""The client speaks the contract: against KeyArc itself, and against answers that break it."""

import asyncio
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import httpx
import pytest

from harness.errors import ContractViolation, NoData
from harness.exchange import EvidenceClient
from harness.target import Target
from suites.keyarc import cryptography
from suites.keyarc.account import Account
from suites.keyarc.auth import Auth
from suites.keyarc.cryptography import Cost, LockedKeys, blob
from suites.keyarc.identity import Identities
from suites.keyarc.keyring import Keyring, share
from suites.keyarc.keys import Keys
from suites.keyarc.stored import FolderContent, NewFolder, NewSecret, SecretContent
from tests.suites.system import System

RUN = "20260102T030405Z-9f3a1c"
IDENTITIES = Identities("a seed that the tests use")
CHEAP = Cost(time=1, memory_kib=64, parallelism=1)


class Person:
    """A user with real keys, who asks and waits."""

    def __init__(self, system: System) -> None:
        identity = IDENTITIES.new(RUN, CHEAP)
        auth = Auth(system.clients["auth"])
        master, proof = identity.master_key(), identity.auth_hash()
        self.email = identity.email
        self.id = auth.signup(
            email=self.email, auth_hash=proof, keys=Keyring.new().lock(master)
        ).user_id
        session = auth.login(email=self.email, auth_hash=proof)
        self.keyring = Keyring.unlock(master, session)
        self.token = session.access_token
        self.account = Account(system.clients["gateway"], self.token)
        self.keys = Keys(system.clients["gateway"], self.token)


@pytest.fixture
def ada(system: System) -> Person:
    return Person(system)


@pytest.fixture
def grace(system: System) -> Person:
    return Person(system)


def test_a_token_is_refreshed(system: System, ada: Person) -> None:
    refreshed = Auth(system.clients["auth"], ada.token).refresh()
    assert Account(system.clients["gateway"], refreshed.access_token).profile().user_id == ada.id
    Auth(system.clients["auth"]).refresh.refused(401)


def test_a_taken_email_and_a_wrong_hash_are_refused(system: System, ada: Person) -> None:
    auth = Auth(system.clients["auth"])
    taken = auth.signup.refused(409, email=ada.email, auth_hash=blob(4), keys=LockedKeys.random())
    assert (taken.status, taken.title) == (409, "Conflict")
    auth.login.refused(401, email=ada.email, auth_hash=blob(4))


def test_a_profile_is_shown_renamed_found_and_deleted(ada: Person, grace: Person) -> None:
    assert ada.account.rename(display_name="Ada").display_name == "Ada"
    profile = ada.account.profile()
    found = grace.account.search(email=ada.email.upper())
    assert (found.user_id, found.public_key) == (ada.id, profile.public_key)
    ada.account.leave()
    ada.account.profile.refused(401)
    grace.account.search.refused(404, email=ada.email)


def test_a_team_shares_a_secret_that_only_members_can_open(ada: Person, grace: Person) -> None:
    team_key = cryptography.new_key()
    own = share(team_key, ada.account.profile().public_key)
    team = ada.account.create_team(name="Engines", encrypted_team_key=own)
    value = cryptography.encrypt(team_key, b"sk_live")
    secret = ada.keys.create(
        NewSecret(
            name="shared",
            encrypted_value=value,
            type="api_key",
            owner_type="team",
            owner_id=team.team_id,
        )
    )
    grace.keys.secret.refused(404, secret.id)
    theirs = share(team_key, ada.account.search(email=grace.email).public_key)
    ada.account.add_member(team.team_id, user=grace.email, role="member", encrypted_team_key=theirs)
    seen = grace.account.team(team.team_id)
    opened = grace.keyring.open_team_key(seen.encrypted_team_key)
    stored = grace.keys.secret(secret.id).encrypted_value
    assert cryptography.decrypt(opened, stored) == b"sk_live"
    actions = [entry.action for entry in ada.keys.audit(secret_id=secret.id).items]
    assert actions == ["create", "share", "view"]


def test_a_team_is_renamed_changed_and_dissolved(ada: Person, grace: Person) -> None:
    team = ada.account.create_team(name="Engines", encrypted_team_key=_team_key())
    ada.account.rename_team(team.team_id, name="Difference engines")
    ada.account.add_member(
        team.team_id, user=grace.id, role="member", encrypted_team_key=_team_key()
    )
    assert [each.name for each in grace.account.teams(limit=1).items] == ["Difference engines"]
    grace.account.delete_team.refused(403, team.team_id)
    assert ada.account.change_role(team.team_id, grace.id, role="admin").role == "admin"
    ada.account.leave.refused(409)
    ada.account.remove_member(team.team_id, grace.id)
    grace.account.team.refused(404, team.team_id)
    ada.account.delete_team(team.team_id)
    assert ada.account.teams().items == []


def test_secrets_are_listed_by_folder_tag_and_environment_page_by_page(ada: Person) -> None:
    folder = ada.keys.create_folder(NewFolder(name="Cards", owner_type="user"))
    drafts = [
        NewSecret(
            name=f"secret {number}",
            encrypted_value=blob(number),
            type="cert",
            owner_type="user",
            tags=["even" if number % 2 == 0 else "odd"],
            environment="production",
            folder_id=folder.id,
        )
        for number in range(5)
    ]
    made = [ada.keys.create(draft).id for draft in drafts]
    page = ada.keys.secrets(folder_id=folder.id, tags=["even"], environment="production", limit=2)
    rest = ada.keys.secrets(
        folder_id=folder.id,
        tags=["even"],
        environment="production",
        limit=2,
        cursor=page.next_cursor,
    )
    assert [each.id for each in (*page.items, *rest.items)] == [made[0], made[2], made[4]]
    assert rest.next_cursor is None


def test_folders_are_moved_and_deleted(ada: Person) -> None:
    outer = ada.keys.create_folder(NewFolder(name="outer", owner_type="user"))
    inner = ada.keys.create_folder(NewFolder(name="inner", owner_type="user"))
    moved = ada.keys.update_folder(inner.id, FolderContent(name="in", parent_folder_id=outer.id))
    assert (moved.name, moved.parent_folder_id) == ("in", outer.id)
    circle = FolderContent(name="outer", parent_folder_id=inner.id)
    ada.keys.update_folder.refused(409, outer.id, circle)
    ada.keys.delete_folder(outer.id)
    assert [(each.id, each.parent_folder_id) for each in ada.keys.folders().items] == [
        (inner.id, None)
    ]


def test_a_secret_that_expires_is_told_of(ada: Person) -> None:
    soon = datetime.now(UTC) + timedelta(days=3, hours=1)
    made = ada.keys.create(
        NewSecret(
            name="soon",
            encrypted_value=blob(8),
            type="cert",
            owner_type="user",
            expires_at=soon,
            rotation_reminder_days=7,
        )
    )
    assert ada.keys.expiring(days=2).items == []
    (told,) = ada.keys.expiring(days=30).items
    assert (told.id, told.days_until_expiry, told.reminder_due) == (made.id, 3, True)
    assert told.expires_at == soon


def test_an_update_needs_the_etag_of_the_newest_version(ada: Person) -> None:
    made = ada.keys.create(
        NewSecret(name="one", encrypted_value=blob(8), type="other", owner_type="user")
    )
    content = SecretContent(name="two", encrypted_value=blob(8), type="other")
    ada.keys.update.refused(428, made.id, content, if_match=None)
    changed = ada.keys.update(made.id, content, if_match=made.etag)
    ada.keys.update.refused(412, made.id, content, if_match=made.etag)
    assert ada.keys.secret(made.id).etag == changed.etag
    ada.keys.delete(made.id)
    ada.keys.secret.refused(404, made.id)


def test_an_idempotency_key_gives_the_first_answer_again(ada: Person) -> None:
    key = str(uuid4())
    draft = NewSecret(name="one", encrypted_value=blob(8), type="other", owner_type="user")
    first = ada.keys.create(draft, idempotency_key=key)
    assert ada.keys.create(draft, idempotency_key=key) == first
    assert len(ada.keys.secrets().items) == 1


def test_the_same_client_is_awaited_with_httpx_and_with_a_target(system: System) -> None:
    async def look() -> list[str]:
        client = EvidenceClient()
        target = Target("auth", system.environment().services["auth"], client)
        async with httpx.AsyncClient(base_url=system.url("auth")) as plain:
            emails = []
            for auth in (Auth(plain), Auth(target)):
                identity = IDENTITIES.new(RUN)
                proof = identity.auth_hash()
                keys = LockedKeys.random()
                await auth.signup(email=identity.email, auth_hash=proof, keys=keys)
                session = await auth.login(email=identity.email, auth_hash=proof)
                await auth.login.refused(401, email=identity.email, auth_hash=blob(4))
                assert session.public_key == keys.public_key
                emails.append(identity.email)
        await client.close()
        return emails

    emails = asyncio.run(look())
    account = Account(system.clients["gateway"], Person(system).token)
    assert [account.search(email=email).email for email in emails] == emails


def _team_key() -> str:
    return blob(256 - 28)


# What follows are answers that KeyArc never gives.

PROBLEM = {
    "type": "about:blank",
    "title": "Unauthorized",
    "status": 401,
    "detail": "No.",
    "request_id": "r-1",
}
LOGIN = {
    "access_token": "t",
    "token_type": "Bearer",
    "expires_in": 60,
    "encrypted_vault_key": "AAAA",
    "encrypted_private_key": "AAAA",
    "public_key": "AAAA",
}
PROFILE = {
    "user_id": str(uuid4()),
    "email": "ada@example.org",
    "display_name": "",
    "public_key": "AAAA",
}


def answering(
    status: int, body: object, **headers: str
) -> Callable[[httpx.Request], httpx.Response]:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    kind = "application/problem+json" if status >= 400 else "application/json"
    return lambda request: httpx.Response(
        status,
        content=content,
        headers={"content-type": kind} | {n.replace("_", "-"): v for n, v in headers.items()},
    )


def scripted(status: int, body: object, **headers: str) -> httpx.Client:
    transport = httpx.MockTransport(answering(status, body, **headers))
    return httpx.Client(transport=transport, base_url="http://keyarc.test")


def log_in(client: httpx.Client) -> None:
    Auth(client).login(email="ada@example.org", auth_hash="")


def refused(client: httpx.Client) -> None:
    Auth(client).login.refused(401, email="ada@example.org", auth_hash="")


def profile(client: httpx.Client) -> None:
    Account(client, "t").profile()


def leave(client: httpx.Client) -> None:
    Account(client, "t").leave()


def secrets(client: httpx.Client) -> None:
    Keys(client, "t").secrets()


LISTED: dict[str, object] = {
    "id": str(uuid4()),
    "owner_type": "user",
    "owner_id": str(uuid4()),
    "name": "n",
    "type": "other",
    "environment": None,
    "folder_id": None,
    "tags": [],
    "expires_at": None,
    "rotation_reminder_days": None,
    "created_at": "2026-01-01T00:00:00Z",
}


@pytest.mark.parametrize(
    ("ask", "client"),
    [
        (log_in, scripted(200, LOGIN)),
        (log_in, scripted(200, LOGIN | {"something": "new"})),
        (refused, scripted(401, PROBLEM, www_authenticate="Bearer")),
        (profile, scripted(200, PROFILE)),
        (leave, scripted(204, b"")),
        (secrets, scripted(200, {"items": [LISTED], "next_cursor": None})),
    ],
)
def test_what_the_contract_promises_is_taken(
    ask: Callable[[httpx.Client], None], client: httpx.Client
) -> None:
    ask(client)


@pytest.mark.parametrize(
    ("ask", "client", "message"),
    [
        (log_in, scripted(201, LOGIN), "expected status 200, came 201"),
        (log_in, scripted(401, PROBLEM), "expected status 200, came 401"),
        (log_in, scripted(302, b"", location="/"), "expected status 200, came 302"),
        (log_in, scripted(200, b"<html>"), "JSON that fits LoggedIn"),
        (log_in, scripted(200, b""), "JSON that fits LoggedIn"),
        (log_in, scripted(200, []), "JSON that fits LoggedIn"),
        (log_in, scripted(200, LOGIN, content_type="text/html"), "content type"),
        (log_in, scripted(200, {**LOGIN, "access_token": ""}), "access_token"),
        (log_in, scripted(200, {**LOGIN, "expires_in": 0}), "expires_in"),
        (log_in, scripted(200, {**LOGIN, "token_type": "MAC"}), "token_type"),
        (log_in, scripted(200, {**LOGIN, "public_key": "no base64!"}), "public_key"),
        (refused, scripted(200, LOGIN), "expected status 401, came 200"),
        (refused, scripted(401, PROBLEM), "WWW-Authenticate"),
        (refused, scripted(401, PROBLEM | {"status": 403}), "status in the body"),
        (refused, scripted(401, {"detail": "No."}), "request_id"),
        (refused, scripted(401, PROBLEM, content_type="application/json"), "content type"),
        (profile, scripted(200, PROFILE | {"auth_hash": "x"}), "must not hold auth_hash"),
        (leave, scripted(204, b"gone"), "no body"),
        (secrets, scripted(200, {"items": [LISTED]}), "next_cursor"),
        (
            secrets,
            scripted(200, {"items": [LISTED | {"encrypted_value": "A"}], "next_cursor": None}),
            "must not hold encrypted_value",
        ),
        (
            secrets,
            scripted(
                200, {"items": [LISTED | {"created_at": "2026-01-01T00:00"}], "next_cursor": None}
            ),
            "created_at",
        ),
    ],
)
def test_an_answer_that_breaks_the_contract_is_a_violation(
    ask: Callable[[httpx.Client], None], client: httpx.Client, message: str
) -> None:
    with pytest.raises(ContractViolation) as raised:
        ask(client)
    assert message in str(raised.value)


def test_a_violation_never_shows_what_was_answered() -> None:
    with pytest.raises(ContractViolation) as raised:
        log_in(scripted(200, LOGIN | {"access_token": 5, "public_key": "do not show!"}))
    assert "do not show" not in str(raised.value)


def test_a_limit_that_is_reached_is_no_violation() -> None:
    with pytest.raises(NoData, match="Retry-After 7"):
        log_in(scripted(429, PROBLEM | {"status": 429}, retry_after="7"))

"""Secrets are kept, listed, read, replaced and deleted as promised."""

import base64
import uuid
from typing import Any

import pytest

from tests.services.keys.world import CIPHERTEXT, SECRET, Person, Team, World, items, made, refused

FULL: dict[str, Any] = {
    **SECRET,
    "environment": "production",
    "tags": ["billing", "eu"],
    "expires_at": "2030-01-31T13:00:00.123456+01:00",
    "rotation_reminder_days": 14,
}
EMPTY: dict[str, Any] = {
    "environment": None,
    "folder_id": None,
    "tags": [],
    "expires_at": None,
    "rotation_reminder_days": None,
}


def test_secret_comes_back_as_it_was_given(ada: Person) -> None:
    created = made(ada.post("/secrets", FULL))
    times = {name: created[name] for name in ("created_at", "updated_at")}
    expected = FULL | {
        "id": created["id"],
        "owner_type": "user",
        "owner_id": ada.id,
        "folder_id": None,
        "expires_at": "2030-01-31T12:00:00.123456Z",
    }
    assert expected | times == ada.get(f"/secrets/{created['id']}").json()
    without_value = {name: expected[name] for name in expected if name != "encrypted_value"}
    assert without_value | times == created
    assert [created] == items(ada.get("/secrets"))


def test_optional_members_have_defaults(ada: Person) -> None:
    created = ada.secret()
    assert {name: created[name] for name in EMPTY} == EMPTY


@pytest.mark.parametrize("bytes_", [28, 29, 30, 64 * 1024])
def test_ciphertext_within_its_limits_is_kept(ada: Person, bytes_: int) -> None:
    value = base64.b64encode(b"\xff" * bytes_).decode()
    created = ada.secret(encrypted_value=value)
    assert value == ada.get(f"/secrets/{created['id']}").json()["encrypted_value"]


def test_ciphertext_comes_back_in_canonical_base64(ada: Person, world: World) -> None:
    # The last letter's lowest bits say nothing: B and A mean the same bytes.
    created = ada.secret(encrypted_value="A" * 37 + "B==")
    canonical = ada.get(f"/secrets/{created['id']}").json()["encrypted_value"]
    assert canonical == "A" * 38 + "=="
    stored = "SELECT encrypted_value FROM secrets WHERE owner_user_id = $1"
    assert [(bytes(28),)] == world.query(stored, ada.id)


BAD_CIPHERTEXTS = {
    "27 bytes": base64.b64encode(bytes(27)).decode(),
    "64 KiB and a byte": base64.b64encode(bytes(64 * 1024 + 1)).decode(),
    "empty": "",
    "no base64": "not base64!" * 5,
    "url-safe base64": base64.urlsafe_b64encode(b"\xff" * 30).decode(),
    "without padding": CIPHERTEXT.rstrip("="),
    "too much padding": CIPHERTEXT + "=",
    "line break": CIPHERTEXT[:20] + "\n" + CIPHERTEXT[20:],
    "space": " " + CIPHERTEXT,
    "NUL": CIPHERTEXT[:20] + "\x00" + CIPHERTEXT[20:],
    "lone surrogate": "\ud800" + CIPHERTEXT,
    "letters beyond ASCII": "é" * 40,
    "null": None,
    "number": 7,
    "list": [CIPHERTEXT],
    "object": {"value": CIPHERTEXT},
    "boolean": True,
}


@pytest.mark.parametrize("value", BAD_CIPHERTEXTS.values(), ids=BAD_CIPHERTEXTS)
def test_any_other_ciphertext_is_400(ada: Person, value: object) -> None:
    refused(ada.post("/secrets", SECRET | {"encrypted_value": value}), 400)
    kept = ada.secret()
    refused(ada.put(f"/secrets/{kept['id']}", SECRET | {"encrypted_value": value}), 400)


def test_missing_ciphertext_is_422(ada: Person) -> None:
    refused(ada.post("/secrets", {"name": "key", "type": "other"}), 422)


def test_put_replaces_everything_but_the_owner(ada: Person) -> None:
    created = made(ada.post("/secrets", FULL))
    replaced = ada.put(f"/secrets/{created['id']}", SECRET | {"name": "new", "type": "cert"})
    assert replaced.status_code == 200
    expected = created | EMPTY | {"name": "new", "type": "cert"}
    body = replaced.json()
    assert body["updated_at"] > created["updated_at"]
    assert expected | {"updated_at": body["updated_at"]} == body
    read = ada.get(f"/secrets/{created['id']}").json()
    assert body | {"encrypted_value": CIPHERTEXT} == read


@pytest.mark.parametrize("member", ["owner_type", "owner_id", "id", "version", "created_at"])
def test_put_cannot_change_what_never_changes(ada: Person, member: str) -> None:
    secret = ada.secret()
    value = {"owner_type": "user", "owner_id": ada.id}.get(member, secret.get(member, 1))
    refused(ada.put(f"/secrets/{secret['id']}", SECRET | {member: value}), 422)


def test_deleted_secret_is_gone(ada: Person) -> None:
    secret = ada.secret()
    deleted = ada.delete(f"/secrets/{secret['id']}")
    assert (deleted.status_code, deleted.content) == (204, b"")
    for method in ("GET", "DELETE"):
        refused(ada.send(method, f"/secrets/{secret['id']}"), 404)
    refused(ada.put(f"/secrets/{secret['id']}", SECRET), 404)
    assert ada.names() == []


def test_list_holds_own_secrets_only(ada: Person, bob: Person, team: Team, world: World) -> None:
    world.join(team.id, ada, "owner")
    ada.secret(name="own")
    bob.secret(name="bob's")
    ada.secret(name="team's", **team.owned)
    assert ada.names() == ["own"]
    assert ada.names(team_id=team.id) == ["team's"]


def test_filters_narrow_the_list(ada: Person) -> None:
    folder = ada.folder()["id"]
    ada.secret(name="a", tags=["x", "y"], environment="dev")
    ada.secret(name="b", tags=["x"], environment="production", folder_id=folder)
    ada.secret(name="c", tags=["y", "z", "x"], folder_id=folder)
    cases: list[tuple[dict[str, Any], list[str]]] = [
        ({"tag": "x"}, ["a", "b", "c"]),
        ({"tag": ["x", "y"]}, ["a", "c"]),
        ({"tag": ["x", "unknown"]}, []),
        ({"environment": "dev"}, ["a"]),
        ({"environment": "DEV"}, []),
        ({"folder_id": folder}, ["b", "c"]),
        ({"folder_id": str(uuid.uuid4())}, []),
        ({"folder_id": folder, "tag": "x", "environment": "production"}, ["b"]),
    ]
    for filters, expected in cases:
        assert expected == ada.names(**filters), filters


def test_team_filter_and_others_combine(team: Team) -> None:
    folder = team.owner.folder(**team.owned)["id"]
    team.owner.secret(name="in", folder_id=folder, tags=["x"], **team.owned)
    team.owner.secret(name="out", tags=["x"], **team.owned)
    assert team.member.names(team_id=team.id, folder_id=folder, tag="x") == ["in"]


def test_reading_may_not_be_cached(ada: Person) -> None:
    assert ada.get(f"/secrets/{ada.secret()['id']}").headers["cache-control"] == "no-store"

"""Whatever is sent: a 4xx that says what is wrong, never a 500."""

import base64
from typing import Any

import pytest

from tests.services.account.conftest import Person, team_key


def blob(count: int) -> str:
    return base64.b64encode(b"\x07" * count).decode()


NAMES: list[Any] = ["", "a" * 201, "a\x00b", None, 7, ["a"], {"a": 1}, True, 10**400]
KEYS: list[Any] = [blob(255), blob(257), "", "*" * 344, "\x00" * 344, None, 7, blob(255) + "="]
ROLES: list[Any] = ["", "Owner", "root", None, 7, ["owner"]]
USER_IDS: list[Any] = ["", "ada", "\x00", 7, [], "0" * 31, 10**400]
EMAILS: list[Any] = ["", "ada", "ä@example.org", "a@example.org\x00", "a" * 255, 7, []]


@pytest.mark.parametrize("member", ["name", "encrypted_team_key"])
def test_bad_value_for_a_new_team_is_422(ada: Person, member: str) -> None:
    right = {"name": "Team", "encrypted_team_key": team_key()}
    for value in NAMES if member == "name" else KEYS:
        answer = ada.post("/teams", {**right, member: value})

        assert answer.status_code == 422, value
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json()["errors"][0]["loc"] == ["body", member]
    assert ada.get("/teams").json()["items"] == []


@pytest.mark.parametrize(
    ("member", "values"),
    [("role", ROLES), ("encrypted_team_key", KEYS), ("user_id", USER_IDS), ("email", EMAILS)],
)
def test_bad_value_for_a_new_member_is_422(
    ada: Person, ben: Person, member: str, values: list[Any]
) -> None:
    team_id = ada.team()
    right = {"user_id": ben.user_id, "role": "member", "encrypted_team_key": team_key()}
    if member == "email":
        del right["user_id"]
    for value in values:
        answer = ada.post(f"/teams/{team_id}/members", {**right, member: value})

        assert answer.status_code == 422, value
    assert ada.roles(team_id) == {ada.user_id: "owner"}


@pytest.mark.parametrize("role", ROLES)
def test_bad_role_is_422(ada: Person, role: object) -> None:
    path = f"/teams/{ada.team()}/members/{ada.user_id}"

    assert ada.put(path, {"role": role}).status_code == 422


@pytest.mark.parametrize("name", NAMES[1:])
def test_bad_name_is_422(ada: Person, name: object) -> None:
    team_id = ada.team()

    assert ada.put(f"/teams/{team_id}", {"name": name}).status_code == 422
    assert ada.put("/profile", {"display_name": name}).status_code == 422
    assert ada.get(f"/teams/{team_id}").json()["name"] == "Team"


BAD_BODIES = {
    "nothing": b"",
    "no JSON": b"{",
    "null": b"null",
    "list": b"[]",
    "NaN": b'{"name": NaN}',
    "Infinity": b'{"name": Infinity}',
    "huge number": b'{"name": 1e999}',
    "long number": b'{"name": ' + b"9" * 5000 + b"}",
    "lone surrogate": b'{"name": "\\ud800"}',
    "lone surrogate as name": b'{"\\udfff": 1}',
    "NUL": b'{"name": "\\u0000"}',
    "no UTF-8": b'{"name": "\xff\xfe"}',
    "deep": b"[" * 100_000,
}


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("PUT", "/profile"),
        ("POST", "/teams"),
        ("PUT", "/teams/{team}"),
        ("POST", "/teams/{team}/members"),
        ("PUT", "/teams/{team}/members/{user}"),
    ],
)
def test_bad_body_is_422_or_413(ada: Person, method: str, path: str) -> None:
    path = path.format(team=ada.team(), user=ada.user_id)
    json = {"Content-Type": "application/json"}
    for name, body in BAD_BODIES.items():
        for key in ({}, {"Idempotency-Key": f"{path} {name}"}):
            answer = ada.call(method, path, content=body, headers={**json, **key})
            assert answer.status_code == 422, name
            assert answer.headers["content-type"] == "application/problem+json"
    answer = ada.call(method, path, content=b" " * (256 * 1024 + 1), headers=json)
    assert answer.status_code == 413
    assert ada.call(method, path, content=b"{}").status_code == 422


def test_body_of_50_mb_is_413(ada: Person) -> None:
    content = b" " * 50_000_000

    answer = ada.call("POST", "/teams", content=content, headers={"Content-Type": "text/plain"})

    assert answer.status_code == 413


@pytest.mark.parametrize("bad", ["ada", "0", "%00", "%ff", "..%2f..", "9" * 4000, "-", "{}"])
def test_bad_id_in_the_path_is_422(ada: Person, bad: str) -> None:
    team_id = ada.team()
    answers = [
        ada.get(f"/teams/{bad}"),
        ada.put(f"/teams/{bad}", {"name": "x"}),
        ada.delete(f"/teams/{bad}"),
        ada.put(f"/teams/{team_id}/members/{bad}", {"role": "owner"}),
        ada.delete(f"/teams/{team_id}/members/{bad}"),
    ]

    # A slash, however it is written, makes another path.
    expected = 404 if "%2f" in bad else 422
    assert [answer.status_code for answer in answers] == [expected] * 5


@pytest.mark.parametrize("bad", ["ada", "%00", "%ff", "%3f", "%0a", "9" * 4000])
def test_bad_id_in_the_path_is_422_beside_an_idempotency_key(ada: Person, bad: str) -> None:
    body = {"user_id": ada.user_id, "role": "member", "encrypted_team_key": team_key()}

    answer = ada.post(f"/teams/{bad}/members", body, Idempotency_Key="k")

    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"


def test_values_at_the_limits_are_taken(ada: Person) -> None:
    name = "🦊" * 200
    body = {"name": name, "encrypted_team_key": team_key()}

    assert ada.post("/teams", body).json()["name"] == name

"""Bad input is told what is wrong with it; it is never a 500."""

import json
from typing import Any

import pytest

from tests.services.keys.world import CIPHERTEXT, SECRET, Person, Team, refused

LONG = "x" * 201
BAD_MEMBERS: dict[str, list[Any]] = {
    "name": [None, "", LONG, 7, [], {}, True, "a\x00b", "\ud800"],
    "type": [None, "", "API_KEY", "password", 7, ["cert"], "cert\x00"],
    "environment": ["", "x" * 65, 7, [], "a\x00", "\udfff"],
    "folder_id": ["", "x", 7, [], "\ud800", "0" * 31, "7f0c2f3e-6f0e-4b8e-9b0a-0d4c1c8f5a1g"],
    "tags": [
        None,
        "x",
        {},
        [""],
        [7],
        [None],
        ["x" * 65],
        ["a\x00"],
        ["\ud800"],
        ["a", "a"],
        [str(number) for number in range(21)],
    ],
    "rotation_reminder_days": [-1, 3651, "14", 1.5, 3651.0, True, 2**31, 10**400, [], "NaN"],
    "expires_at": [
        "",
        "tomorrow",
        0,
        1893456000,
        "1893456000",
        "2030-01-31",
        "2030-01-31T12:00:00",
        "2030-02-30T12:00:00Z",
        "2030-01-31T24:00:01Z",
        "2030-01-31T12:00:00+25:00",
        "0000-01-01T00:00:00Z",
        "0001-01-01T00:00:00Z",
        "0001-01-01T00:00:00+14:00",
        "9999-12-31T23:59:59.999999Z",
        "9999-12-31T23:59:59-12:00",
        "10000-01-01T00:00:00Z",
        "infinity",
        "2030-01-31T12:00:00Z\x00",
        "\ud800",
    ],
    "owner_type": [None, "", "nobody", 7],
    "unknown": [1],
    "x" * 100_000: [1],
}
CASES = [(member, value) for member, values in BAD_MEMBERS.items() for value in values]


def shown(value: object) -> str:
    return ascii(value)[:30]


@pytest.mark.parametrize(("member", "value"), CASES, ids=shown)
def test_bad_member_of_a_secret_is_422_and_named(ada: Person, member: str, value: object) -> None:
    body = refused(ada.post("/secrets", SECRET | {member: value}), 422)
    assert body["errors"]
    assert all(member[:200] == error["loc"][1] for error in body["errors"])
    assert CIPHERTEXT not in str(body)


def test_member_whose_name_is_no_text_is_422(ada: Person) -> None:
    refused(ada.post("/secrets", SECRET | {"\ud800": 1}), 422)


@pytest.mark.parametrize("value", ["", LONG, 7, None, "a\x00b", "\ud800"], ids=shown)
def test_bad_folder_name_is_422(ada: Person, value: object) -> None:
    refused(ada.post("/folders", {"name": value}), 422)
    refused(ada.put(f"/folders/{ada.folder()['id']}", {"name": value}), 422)


@pytest.mark.parametrize("owned", [{"owner_type": "team"}, {"owner_type": "team", "owner_id": 7}])
def test_team_must_be_named(ada: Person, owned: dict[str, Any]) -> None:
    refused(ada.post("/secrets", SECRET | owned), 422)
    refused(ada.post("/folders", {"name": "a"} | owned), 422)


def test_limits_themselves_are_accepted(ada: Person) -> None:
    ada.secret(
        name="x" * 200,
        environment="é" * 64,
        tags=[f"{number:064}" for number in range(20)],
        rotation_reminder_days=3650,
        expires_at="9999-12-31T23:59:59.999998Z",
    )
    ada.secret(rotation_reminder_days=14.0)
    ada.secret(name="\u0001\U0001f511", rotation_reminder_days=0, expires_at="0001-01-02T00:00:00Z")


VALID = json.dumps(SECRET)
RAW = {
    "nothing": b"",
    "half": VALID[:-1].encode(),
    "null": b"null",
    "list": b"[]",
    "text": b'"x"',
    "number": b"1e999",
    "NaN": VALID.replace("}", ', "rotation_reminder_days": NaN}').encode(),
    "Infinity": VALID.replace("}", ', "rotation_reminder_days": -Infinity}').encode(),
    "1e999": VALID.replace("}", ', "rotation_reminder_days": 1e999}').encode(),
    "5,000 digits": VALID.replace("}", f', "rotation_reminder_days": {"9" * 5000}}}').encode(),
    "no UTF-8": b'{"name": "\xff"}',
    "UTF-16": VALID.replace("key", "").encode("utf-16"),
    "deep": b"[" * 100_000,
    "deep member": VALID.replace("}", f', "tags": {"[" * 5000}{"]" * 5000}}}').encode(),
    "form": b"name=key",
}


@pytest.mark.parametrize("body", RAW.values(), ids=RAW)
def test_body_that_is_no_secret_is_422(ada: Person, body: bytes) -> None:
    refused(ada.send("POST", "/secrets", content=body, headers=JSON), 422)
    path = f"/secrets/{ada.secret()['id']}"
    refused(ada.send("PUT", path, content=body, headers={**JSON, "If-Match": "*"}), 422)


JSON = {"Content-Type": "application/json"}


@pytest.mark.parametrize(
    "content_type", ["text/plain", "application/x-www-form-urlencoded", "", "x"]
)
def test_other_content_type_is_422(ada: Person, content_type: str) -> None:
    headers = {"Content-Type": content_type}
    refused(ada.send("POST", "/secrets", content=VALID.encode(), headers=headers), 422)


def test_last_of_repeated_members_counts(ada: Person) -> None:
    body = VALID.replace("}", ', "name": "last"}').encode()
    created = ada.send("POST", "/secrets", content=body, headers=JSON)
    assert (created.status_code, created.json()["name"]) == (201, "last")


@pytest.mark.parametrize("bytes_", [256 * 1024 + 1, 50_000_000])
def test_large_body_is_413(ada: Person, bytes_: int) -> None:
    refused(ada.send("POST", "/secrets", content=b"[" * bytes_, headers=JSON), 413)


@pytest.mark.parametrize("id_", ["x", "7", "%00", "%ED%A0%80", "expirin", "expiringx", "0" * 33])
def test_path_without_an_id_is_422(ada: Person, id_: str) -> None:
    for path in (f"/secrets/{id_}", f"/folders/{id_}"):
        refused(ada.send("DELETE", path), 422)
    refused(ada.send("GET", f"/secrets/{id_}"), 422)
    refused(ada.put(f"/secrets/{id_}", SECRET), 422)
    refused(ada.put(f"/folders/{id_}", {"name": "a"}), 422)


BAD_QUERIES = [
    "team_id=",
    "team_id=x",
    "team_id=%00",
    "folder_id=x",
    "environment=",
    "environment=a%00b",
    f"environment={'x' * 65}",
    "tag=",
    "tag=a&tag=a%00",
    f"tag={'x' * 65}",
    "&".join(["tag=a"] * 21),
    "tags=a",
    "unknown=1",
    "limit=5&LIMIT=5",
]


@pytest.mark.parametrize("query", BAD_QUERIES, ids=shown)
def test_bad_query_is_422(ada: Person, query: str) -> None:
    refused(ada.send("GET", f"/secrets?{query}"), 422)


def test_bytes_that_are_no_text_in_a_query_find_nothing(ada: Person) -> None:
    assert ada.send("GET", "/secrets?tag=%ED%A0%80%FF").json()["items"] == []


@pytest.mark.parametrize("secret_id", ["", "x", "%00", "1&secret_id=2"])
def test_bad_secret_id_of_the_audit_log_is_422(ada: Person, secret_id: str) -> None:
    refused(ada.send("GET", f"/audit?secret_id={secret_id}"), 422)


ID = "7f0c2f3e-6f0e-4b8e-9b0a-0d4c1c8f5a11"
METHODS = {"GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS", "TRACE", "PROPFIND"}


@pytest.mark.parametrize(
    ("path", "allowed"),
    [
        ("/secrets", {"GET", "POST"}),
        (f"/secrets/{ID}", {"GET", "PUT", "DELETE"}),
        ("/secrets/expiring", {"GET"}),
        ("/folders", {"GET", "POST"}),
        (f"/folders/{ID}", {"PUT", "DELETE"}),
        ("/audit", {"GET"}),
    ],
)
def test_unknown_method_is_405_with_those_allowed(
    ada: Person, path: str, allowed: set[str]
) -> None:
    for method in sorted(METHODS - allowed):
        answer = ada.send(method, path)
        assert answer.status_code == 405, method
        assert allowed == set(answer.headers["allow"].split(", "))


@pytest.mark.parametrize("path", ["", "/", "/secrets/", "/secrets/x/y", "/folders//", "/Secrets"])
def test_unknown_path_is_404(ada: Person, path: str) -> None:
    refused(ada.get(path), 404)


def test_role_is_not_asked_before_the_body_is_right(team: Team) -> None:
    refused(team.member.post("/secrets", {**team.owned, "name": 7}), 422)

"""POST /signup."""

import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from tests.services.auth.conftest import Sql
from tests.services.auth.people import blob, credentials, person


@pytest.mark.parametrize("prefix", ["", "/auth"])
def test_signup_creates_a_user(auth: httpx.Client, users: Sql, prefix: str) -> None:
    someone = person()
    email = someone["email"]
    someone["email"] = email.title()

    answer = auth.post(f"{prefix}/signup", json=someone)

    assert answer.status_code == 201
    assert {"user_id", "created_at"} == set(answer.json())
    created_at = datetime.fromisoformat(answer.json()["created_at"])
    assert abs(datetime.now(UTC) - created_at) < timedelta(minutes=1)
    rows = users(
        "SELECT email, encrypted_vault_key, encrypted_private_key, public_key, created_at "
        "FROM users WHERE id = $1",
        uuid.UUID(answer.json()["user_id"]),
    )
    keys = ("encrypted_vault_key", "encrypted_private_key", "public_key")
    assert [(email, *(someone[key] for key in keys), created_at)] == rows


def test_only_argon2id_of_the_auth_hash_is_stored(auth: httpx.Client, users: Sql) -> None:
    twins = [person(), person()]
    twins[1]["auth_hash"] = twins[0]["auth_hash"]
    for twin in twins:
        assert auth.post("/signup", json=twin).status_code == 201

    emails = [twin["email"] for twin in twins]
    rows = users("SELECT auth_hash, users::text FROM users WHERE email = ANY($1)", emails)
    stored = [row[0] for row in rows]

    assert all(text.startswith("$argon2id$v=19$m=19456,t=2,p=1$") for text in stored)
    assert len(set(stored)) == 2, "a salt of its own for each"
    assert twins[0]["auth_hash"] not in str(rows)


def test_taken_email_is_409_whatever_its_case(auth: httpx.Client, users: Sql) -> None:
    someone = person()
    auth.post("/signup", json=someone)
    before = users("SELECT * FROM users ORDER BY id")

    answer = auth.post("/signup", json=person(email=someone["email"].upper()))

    assert answer.status_code == 409
    assert answer.headers["content-type"] == "application/problem+json"
    assert before == users("SELECT * FROM users ORDER BY id")


def test_concurrent_signups_with_one_email_give_one_201(auth: httpx.Client, users: Sql) -> None:
    bodies = [person(email="contested@example.org") for _ in range(16)]

    with ThreadPoolExecutor(len(bodies)) as pool:
        answers = list(pool.map(lambda body: auth.post("/signup", json=body), bodies))

    assert sorted(answer.status_code for answer in answers) == [201] + [409] * 15
    (winner,) = (
        body for body, answer in zip(bodies, answers, strict=True) if answer.status_code == 201
    )
    assert [(winner["public_key"],)] == users(
        "SELECT public_key FROM users WHERE email = 'contested@example.org'"
    )
    assert auth.post("/login", json=credentials(winner)).status_code == 200


@pytest.mark.parametrize(
    "change",
    [
        {"email": "a@b"},
        {"email": "a" * 242 + "@example.org"},
        {"email": "o'brien+tag@sub.example.org"},
        {"encrypted_vault_key": blob(28)},
        {"encrypted_private_key": blob(8192)},
        {"public_key": blob(4096)},
    ],
    ids=lambda change: next(iter(change)),
)
def test_values_at_the_limits_are_taken(auth: httpx.Client, change: dict[str, str]) -> None:
    someone = person(**change)

    assert auth.post("/signup", json=someone).status_code == 201
    assert auth.post("/login", json=credentials(someone)).status_code == 200


BAD_VALUES: list[tuple[str, Any]] = [
    ("email", ""),
    ("email", "nobody"),
    ("email", "@example.org"),
    ("email", "a@"),
    ("email", "a b@example.org"),
    ("email", "a@example.org\n"),
    ("email", "a@example..org"),
    ("email", "a" * 243 + "@example.org"),
    ("email", "ä@example.org"),
    # The Kelvin sign, whose lower case is an ASCII k.
    ("email", "\u212aim@example.org"),
    ("email", "a@example.org\x00"),
    ("email", None),
    ("email", 7),
    ("email", ["a@example.org"]),
    ("auth_hash", blob(31)),
    ("auth_hash", blob(33)),
    ("auth_hash", "*" * 44),
    ("auth_hash", blob(32).rstrip("=")),
    ("auth_hash", 10**400),
    ("encrypted_vault_key", blob(27)),
    ("encrypted_private_key", blob(8193)),
    ("encrypted_private_key", "\x00" * 60),
    ("public_key", blob(31)),
    ("public_key", blob(4097)),
    ("public_key", {}),
    ("is_admin", True),
]


@pytest.mark.parametrize(("member", "value"), BAD_VALUES)
def test_bad_value_is_422_that_names_it(
    auth: httpx.Client, users: Sql, member: str, value: object
) -> None:
    before = users("SELECT count(*) FROM users")

    answer = auth.post("/signup", json=person(**{member: value}))

    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    assert all(["body", member] == error["loc"][:2] for error in answer.json()["errors"])
    assert {"loc", "msg", "type"} == set(answer.json()["errors"][0])
    assert before == users("SELECT count(*) FROM users")


@pytest.mark.parametrize("member", person())
def test_missing_member_is_422(auth: httpx.Client, member: str) -> None:
    body = person()
    del body[member]

    answer = auth.post("/signup", json=body)

    assert (422, ["body", member]) == (answer.status_code, answer.json()["errors"][0]["loc"])


BAD_BODIES = {
    "nothing": b"",
    "no JSON": b"{",
    "null": b"null",
    "list": b"[]",
    "text": b'"email"',
    "NaN": b'{"email": NaN}',
    "Infinity": b'{"email": -Infinity}',
    "huge number": b'{"email": 1e999}',
    "long number": b'{"email": ' + b"9" * 5000 + b"}",
    "lone surrogate": b'{"email": "\\ud800@example.org"}',
    "lone surrogate as name": b'{"\\udfff": 1}',
    "NUL": b'{"email": "\\u0000@example.org"}',
    "no UTF-8": b'{"email": "\xff\xfe"}',
    "deep": b"[" * 100_000,
    "deep object": b'{"email":' * 20_000,
    "UTF-16": '{"email": 1}'.encode("utf-16"),
}


@pytest.mark.parametrize("path", ["/signup", "/login"])
@pytest.mark.parametrize("name", BAD_BODIES)
def test_bad_body_is_422(auth: httpx.Client, path: str, name: str) -> None:
    answer = auth.post(path, content=BAD_BODIES[name], headers={"Content-Type": "application/json"})

    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["x-request-id"] == answer.json()["request_id"]


@pytest.mark.parametrize("content_type", ["text/plain", "application/x-www-form-urlencoded", ""])
def test_body_of_another_type_is_422(auth: httpx.Client, content_type: str) -> None:
    answer = auth.post("/signup", content=b"{}", headers={"Content-Type": content_type})

    assert answer.status_code == 422


@pytest.mark.parametrize("count", [256 * 1024 + 1, 50_000_000])
def test_body_over_the_limit_is_413(auth: httpx.Client, count: int) -> None:
    answer = auth.post(
        "/signup", content=b" " * count, headers={"Content-Type": "application/json"}
    )

    assert (answer.status_code, answer.json()["status"]) == (413, 413)


@pytest.mark.parametrize("path", ["/signup", "/login", "/token/refresh", "/auth/login"])
@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS", "PROPFIND"])
def test_other_method_is_405_with_allow(auth: httpx.Client, path: str, method: str) -> None:
    answer = auth.request(method, path)

    assert (answer.status_code, answer.headers["allow"]) == (405, "POST")

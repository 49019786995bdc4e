"""POST /token/refresh."""

import base64
import json
import time
import uuid
from collections.abc import Callable
from typing import Any

import httpx
import jwt
import pytest

from tests.services.auth.conftest import JWT_SECRET, Sql
from tests.services.auth.people import credentials, person

DAY_S = 24 * 60 * 60


def claims(**changes: Any) -> dict[str, Any]:
    """Those of a token that is right, but for the changes; None takes one out."""
    now = int(time.time())
    given = {
        "sub": str(uuid.uuid4()),
        "email": "ada@example.org",
        "iss": "keyarc-auth",
        "aud": "dev",
        "iat": now,
        "exp": now + 60,
        "auth_time": now,
        "jti": str(uuid.uuid4()),
        **changes,
    }
    return {name: value for name, value in given.items() if value is not None}


def signed(payload: dict[str, Any], key: str = JWT_SECRET, algorithm: str = "HS256") -> str:
    return jwt.encode(payload, key, algorithm=algorithm)


def unsigned(payload: dict[str, Any], algorithm: str) -> str:
    def part(value: dict[str, Any]) -> str:
        return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")

    return f"{part({'alg': algorithm, 'typ': 'JWT'})}.{part(payload)}."


def refresh(auth: httpx.Client, token: str, prefix: str = "") -> httpx.Response:
    return auth.post(f"{prefix}/token/refresh", headers={"Authorization": f"Bearer {token}"})


@pytest.fixture
def user_id(auth: httpx.Client) -> str:
    return str(auth.post("/signup", json=person()).json()["user_id"])


@pytest.mark.parametrize("prefix", ["", "/auth"])
def test_refresh_gives_another_token_of_the_same_login(auth: httpx.Client, prefix: str) -> None:
    someone = person()
    auth.post("/signup", json=someone)
    first = auth.post("/login", json=credentials(someone)).json()["access_token"]

    answer = refresh(auth, first, prefix)

    assert (answer.status_code, answer.headers["cache-control"]) == (200, "no-store")
    assert {"access_token", "token_type", "expires_in"} == set(answer.json())
    old, new = (
        jwt.decode(token, JWT_SECRET, algorithms=["HS256"], audience="dev")
        for token in (first, answer.json()["access_token"])
    )
    for kept in ("sub", "email", "iss", "aud", "auth_time"):
        assert old[kept] == new[kept]
    assert old["jti"] != new["jti"]
    assert new["exp"] - new["iat"] == 7200
    assert refresh(auth, answer.json()["access_token"]).status_code == 200


@pytest.mark.parametrize(("age_s", "status"), [(DAY_S - 30, 200), (DAY_S + 5, 401)])
def test_refresh_ends_a_day_after_the_login(
    auth: httpx.Client, user_id: str, age_s: int, status: int
) -> None:
    token = signed(claims(sub=user_id, auth_time=int(time.time()) - age_s))

    assert status == refresh(auth, token).status_code


def test_deleted_users_token_is_refused(auth: httpx.Client, user_id: str, users: Sql) -> None:
    token = signed(claims(sub=user_id))
    assert refresh(auth, token).status_code == 200
    users("DELETE FROM users WHERE id = $1", uuid.UUID(user_id))

    answer = refresh(auth, token)

    assert (answer.status_code, answer.headers["www-authenticate"]) == (401, "Bearer")


BAD_TOKENS: dict[str, Callable[[dict[str, Any]], str]] = {
    "garbage": lambda _: "garbage",
    "two parts": lambda right: signed(right).rpartition(".")[0],
    "another key": lambda right: signed(right, "another-secret-of-32-bytes-or-more-"),
    "another environment": lambda right: signed({**right, "aud": "production"}),
    "several audiences": lambda right: signed({**right, "aud": ["staging", "production"]}),
    "another issuer": lambda right: signed({**right, "iss": "someone"}),
    "HS384": lambda right: signed(right, JWT_SECRET * 2, "HS384"),
    "HS512": lambda right: signed(right, JWT_SECRET * 2, "HS512"),
    "alg none": lambda right: unsigned(right, "none"),
    "alg None": lambda right: unsigned(right, "None"),
    "no signature": lambda right: unsigned(right, "HS256"),
    "changed payload": lambda right: ".".join(
        [
            signed(right).split(".")[0],
            unsigned({**right, "sub": str(uuid.uuid4())}, "HS256").split(".")[1],
            signed(right).split(".")[2],
        ]
    ),
    "expired": lambda right: signed({**right, "exp": int(time.time()) - 1}),
    "issued in the future": lambda right: signed({**right, "iat": int(time.time()) + 600}),
    "subject is no id": lambda right: signed({**right, "sub": "ada"}),
    "auth_time is no number": lambda right: signed({**right, "auth_time": "now"}),
    "non-ASCII": lambda _: "\xe4\xf6\xfc",
    **{
        f"without {name}": lambda right, name=name: signed(  # type: ignore[misc]  # bound early
            {key: value for key, value in right.items() if key != name}
        )
        for name in claims()
    },
}


@pytest.mark.parametrize("name", BAD_TOKENS)
def test_bad_token_is_refused_in_the_same_words(
    auth: httpx.Client, user_id: str, name: str
) -> None:
    token = BAD_TOKENS[name](claims(sub=user_id))

    answer = auth.post("/token/refresh", headers=[(b"authorization", f"Bearer {token}".encode())])

    assert (answer.status_code, answer.headers["www-authenticate"]) == (401, "Bearer")
    assert answer.json()["detail"] == "A valid access token is needed."


@pytest.mark.parametrize("header", [None, "", "Bearer", "Basic {}", "{}", "Token {}"])
def test_bad_scheme_is_refused(auth: httpx.Client, user_id: str, header: str | None) -> None:
    token = signed(claims(sub=user_id))
    headers = {} if header is None else {"Authorization": header.format(token)}

    answer = auth.post("/token/refresh", headers=headers)

    assert (answer.status_code, answer.headers["www-authenticate"]) == (401, "Bearer")

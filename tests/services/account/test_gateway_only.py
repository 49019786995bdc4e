"""account answers the gateway alone, for users who exist."""

import uuid

import httpx
import pytest

from tests.services.account.conftest import INTERNAL_TOKEN, Person, Sql

CALLS = [
    ("GET", "/account/profile"),
    ("PUT", "/account/profile"),
    ("DELETE", "/account/profile"),
    ("GET", "/account/teams"),
    ("POST", "/account/teams"),
    ("GET", "/account/teams/{id}"),
    ("PUT", "/account/teams/{id}"),
    ("DELETE", "/account/teams/{id}"),
    ("POST", "/account/teams/{id}/members"),
    ("PUT", "/account/teams/{id}/members/{id}"),
    ("DELETE", "/account/teams/{id}/members/{id}"),
    ("GET", "/account/users/search"),
    ("GET", "/account/unknown"),
    ("PATCH", "/account/profile"),
    ("GET", "/openapi.json"),
    ("GET", "/"),
    ("GET", "/health/other"),
]


@pytest.mark.parametrize("token", [None, "", "wrong", INTERNAL_TOKEN[:-1], INTERNAL_TOKEN + "x"])
@pytest.mark.parametrize(("method", "path"), CALLS)
def test_call_without_the_internal_token_is_401(
    ada: Person, method: str, path: str, token: str | None
) -> None:
    headers = {"X-User-ID": ada.user_id}
    if token is not None:
        headers["X-Internal-Token"] = token

    answer = ada.client.request(method, path.replace("{id}", ada.user_id), headers=headers)

    assert (answer.status_code, answer.headers["www-authenticate"]) == (401, "Bearer")
    if method != "HEAD":
        assert answer.json()["request_id"] == answer.headers["x-request-id"]


@pytest.mark.parametrize("user_id", [None, "", "ada", "\xff", "0" * 31])
def test_call_without_a_user_is_401(account: httpx.Client, user_id: str | None) -> None:
    headers = [(b"x-internal-token", INTERNAL_TOKEN.encode())]
    if user_id is not None:
        headers.append((b"x-user-id", user_id.encode("latin-1")))

    assert account.get("/account/profile", headers=headers).status_code == 401


def test_deleted_user_is_401_at_once(ada: Person, sql: Sql) -> None:
    assert ada.get("/profile").status_code == 200
    sql("DELETE FROM users WHERE id = $1", uuid.UUID(ada.user_id))

    answers = [ada.get("/profile"), ada.get("/teams"), ada.post("/teams", {})]

    assert [answer.status_code for answer in answers] == [401, 401, 401]


@pytest.mark.parametrize("path", ["/health", "/health/live"])
def test_health_is_for_all(account: httpx.Client, path: str) -> None:
    assert account.get(path).status_code == 200


def test_request_id_of_the_gateway_is_kept(ada: Person) -> None:
    answer = ada.call("GET", "/profile", headers={"X-Request-ID": "0123-from-the-gateway"})

    assert answer.headers["x-request-id"] == "0123-from-the-gateway"


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("PATCH", "/profile", "GET, PUT, DELETE"),
        ("DELETE", "/teams", "GET, POST"),
        ("POST", "/teams/{id}", "GET, PUT, DELETE"),
        ("GET", "/teams/{id}/members", "POST"),
        ("POST", "/teams/{id}/members/{id}", "PUT, DELETE"),
        ("POST", "/users/search", "GET"),
        ("PROPFIND", "/profile", "GET, PUT, DELETE"),
    ],
)
def test_other_method_is_405_with_all_that_are_allowed(
    ada: Person, method: str, path: str, allowed: str
) -> None:
    answer = ada.call(method, path.replace("{id}", ada.user_id))

    assert (answer.status_code, answer.headers["allow"]) == (405, allowed)

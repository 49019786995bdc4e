"""Who passes the gateway, and what the private services are told of them."""

import base64
import json
import time
import uuid

import pytest

from tests.services.gateway.conftest import (
    INTERNAL_TOKEN,
    USER_ID,
    Gateway,
    bearer,
    payload,
)
from tests.services.scripted import answering, exchange, ok, server


def unsigned() -> dict[str, str]:
    parts = [{"alg": "none", "typ": "JWT"}, payload()]
    encoded = [base64.urlsafe_b64encode(json.dumps(part).encode()).decode() for part in parts]
    return {"Authorization": f"Bearer {'.'.join(part.rstrip('=') for part in encoded)}."}


REFUSED = {
    "none at all": {},
    "empty": {"Authorization": ""},
    "no scheme": {"Authorization": bearer()["Authorization"].removeprefix("Bearer ")},
    "another scheme": {"Authorization": "Basic dTpw"},
    "rubbish": {"Authorization": "Bearer rubbish"},
    "not signed": unsigned(),
    "another secret": bearer(secret="another secret, which is long enough as well"),
    "another algorithm": bearer(
        secret="a secret of the tests, long enough for HS256" * 2, algorithm="HS512"
    ),
    "expired": bearer(exp=int(time.time()) - 1),
    "another environment": bearer(aud="production"),
    "another issuer": bearer(iss="somebody"),
    "no audience": bearer(aud=None),
    "no expiry": bearer(exp=None),
    "no email": bearer(email=None),
    "user that is no UUID": bearer(sub="1 OR 1=1"),
    "login time that is no number": bearer(auth_time="yesterday"),
}


@pytest.mark.parametrize("headers", REFUSED.values(), ids=REFUSED)
def test_request_without_a_valid_token_is_401(gateway: Gateway, headers: dict[str, str]) -> None:
    with server(answering(ok())) as account:
        came = gateway(account_url=account.url).get("/account/profile", headers=headers)
        assert came.status_code == 401
        assert came.headers["www-authenticate"] == "Bearer"
        assert came.headers["content-type"] == "application/problem+json"
        assert came.json()["request_id"] == came.headers["x-request-id"]
        assert account.heads == []


def test_service_is_told_who_asks(gateway: Gateway) -> None:
    with server(answering(ok())) as keys:
        came = gateway(keys_url=keys.url).get("/keys/secrets", headers=bearer())
        headers = keys.headers()
        assert [value for name, value in headers if name == "x-user-id"] == [str(USER_ID)]
        assert dict(headers)["x-user-email"] == "ada@example.org"
        assert dict(headers)["x-internal-token"] == INTERNAL_TOKEN
        assert dict(headers)["x-request-id"] == came.headers["x-request-id"]
        assert dict(headers)["Host"] == keys.url.removeprefix("http://")


FORGED = [
    "X-User-ID: {0}",
    "x-user-id: {0}",
    "X_USER_ID: {0}",
    "X-User_Id: {0}",
    "X-User-Email: root@example.org",
    "X_User_Email: root@example.org",
    "X-Request-ID: {0}",
    "X_Request_ID: {0}",
    "X-Internal-Token: {0}",
    "x_internal_token: {0}",
    "Cookie: session={0}",
    "Connection: X-User-ID, X-Internal-Token, X-User-Email, X-Request-ID",
]


@pytest.mark.parametrize("line", FORGED)
def test_forged_header_never_reaches_a_service(gateway: Gateway, line: str) -> None:
    forged = str(uuid.uuid4())
    token = bearer()["Authorization"]
    request = (
        f"GET /account/profile HTTP/1.1\r\nHost: x\r\nAuthorization: {token}\r\n"
        f"{line.format(forged)}\r\nConnection: close\r\n\r\n"
    )
    with server(answering(ok())) as account:
        status, _ = exchange(gateway(account_url=account.url), request.encode())
        assert status == 200
        headers = [(name.lower().replace("_", "-"), value) for name, value in account.headers()]
        assert forged not in str(headers)
        assert "root@example.org" not in str(headers)
        assert "authorization" not in dict(headers)
        assert sorted(name for name, _ in headers if name.startswith("x-")) == [
            "x-internal-token",
            "x-request-id",
            "x-user-email",
            "x-user-id",
        ]


def test_request_id_of_a_client_is_not_taken_over(gateway: Gateway) -> None:
    given = str(uuid.uuid4())
    came = gateway().get("/account/profile", headers={"X-Request-ID": given})
    assert came.headers["x-request-id"] != given


def test_refused_internal_token_is_502(gateway: Gateway) -> None:
    answer = ok(b"{}", "X-Gateway-Refused: true").replace(b"200 OK", b"401 Unauthorized")
    with server(answering(answer)) as account:
        came = gateway(account_url=account.url).get("/account/profile", headers=bearer())
        assert came.status_code == 502
        assert "www-authenticate" not in came.headers


def test_service_that_does_not_know_the_user_is_401(gateway: Gateway) -> None:
    problem = ok(b"{}", "WWW-Authenticate: Bearer").replace(b"json", b"problem+json", 1)
    answer = problem.replace(b"200 OK", b"401 Unauthorized")
    with server(answering(answer)) as account:
        came = gateway(account_url=account.url).get("/account/profile", headers=bearer())
        assert (came.status_code, came.headers["www-authenticate"]) == (401, "Bearer")

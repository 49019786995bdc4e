"""The gateway before the real account and the real keys, on a real database."""

import base64
import json
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
from pydantic import SecretStr
from starlette.types import ASGIApp

from services.account.app import create as create_account
from services.account.settings import AccountSettings
from services.database import REVISION
from services.keys.app import create as create_keys
from services.keys.settings import KeysSettings
from tests.services.gateway.conftest import INTERNAL_TOKEN, JWT_SECRET, USER_ID, Gateway, bearer

Serve = Callable[[ASGIApp], httpx.Client]
Psql = Callable[..., list[tuple[Any, ...]]]

SECRET = {
    "name": "deploy key",
    "type": "api_key",
    "owner_type": "user",
    "encrypted_value": base64.b64encode(b"\0" * 28).decode(),
}


@dataclass
class System:
    """Account, keys and a gateway, and the one user that there is."""

    client: httpx.Client
    psql: Psql

    def call(self, method: str, path: str, **more: Any) -> httpx.Response:
        headers = {**bearer(), **more.pop("headers", {})}
        return self.client.request(method, path, headers=headers, **more)


Build = Callable[..., System]


@pytest.fixture
def build(serve: Serve, gateway: Gateway, database_url: str, psql: Psql) -> Build:
    """Starts them; the services may expect another internal token than the gateway shows, and
    look for their database elsewhere.
    """

    def start(internal_token: str = INTERNAL_TOKEN, url: str = database_url) -> System:
        of_all: dict[str, Any] = {
            "environment": "dev",
            "instance_id": "i1",
            "database_url": SecretStr(url),
            "internal_token": SecretStr(internal_token),
        }
        account = serve(create_account(AccountSettings(release_id="r-account", **of_all)))
        keys = serve(create_keys(KeysSettings(release_id="r-keys", **of_all)))
        psql(
            "INSERT INTO users (id, email, auth_hash, encrypted_vault_key, encrypted_private_key,"
            " public_key) VALUES ($1, 'ada@example.org', 'h', 'v', 'p', 'k')",
            USER_ID,
        )
        urls = {"account_url": str(account.base_url), "keys_url": str(keys.base_url)}
        return System(gateway(**urls), psql)

    return start


def test_user_reaches_both_services(build: Build) -> None:
    system = build()
    assert system.call("GET", "/account/profile").json()["user_id"] == str(USER_ID)
    assert system.call("GET", "/api/keys/secrets").json()["items"] == []


def test_secret_lives_through_the_gateway(build: Build) -> None:
    system = build()
    created = system.call("POST", "/keys/secrets", json=SECRET, headers={"Idempotency-Key": "a"})
    assert (created.status_code, len(created.headers.get_list("etag"))) == (201, 1)
    again = system.call("POST", "/keys/secrets", json=SECRET, headers={"Idempotency-Key": "a"})
    assert (again.status_code, again.content) == (201, created.content)
    path = f"/keys/secrets/{created.json()['id']}"
    changed = {key: value for key, value in SECRET.items() if key != "owner_type"}
    for etag, status in ((created.headers["etag"], 200), (created.headers["etag"], 412)):
        put = system.call("PUT", path, json=changed, headers={"If-Match": etag})
        assert put.status_code == status
    assert system.call("PUT", path, json=changed).status_code == 428
    assert system.call("DELETE", path).status_code == 204
    gone = system.call("GET", path)
    assert (gone.status_code, gone.json()["request_id"]) == (404, gone.headers["x-request-id"])


def test_deleted_user_is_401_with_a_token_that_is_still_valid(build: Build) -> None:
    system = build()
    assert system.call("DELETE", "/account/profile").status_code == 204
    for path in ("/account/profile", "/keys/secrets"):
        came = system.call("GET", path)
        assert (came.status_code, came.headers["www-authenticate"]) == (401, "Bearer")


@pytest.mark.parametrize("path", ["/account/profile", "/keys/secrets"])
def test_service_that_refuses_the_internal_token_is_502(build: Build, path: str) -> None:
    system = build(internal_token="a token that the gateway does not show")
    came = system.call("GET", path)
    assert (came.status_code, came.json()["title"]) == (502, "Bad Gateway")
    assert "internal" not in came.text.lower()


def test_logs_of_all_carry_one_request_id_and_no_secret(
    capsys: pytest.CaptureFixture[str], build: Build
) -> None:
    system = build()
    value = base64.b64encode(bytes(range(64))).decode()
    created = system.call("POST", "/keys/secrets", json={**SECRET, "encrypted_value": value})
    path = f"/keys/secrets/{created.json()['id']}"
    read = system.call("GET", path)
    refused = system.call("PUT", path, json={**SECRET, "type": value})
    search = system.call("GET", "/account/users/search", params={"email": "ada@example.org"})
    assert [each.status_code for each in (created, read, refused, search)] == [201, 200, 422, 200]

    # A service writes its line after the answer has left.
    output, deadline_s = "", time.monotonic() + 10
    while output.count('"message": "request"') < 8:
        assert time.monotonic() < deadline_s, output
        output += capsys.readouterr().out
        time.sleep(0.01)
    lines = [json.loads(line) for line in output.splitlines()]
    for came in (created, read, refused, search):
        request_id = came.headers["x-request-id"]
        told = [line["status"] for line in lines if line.get("request_id") == request_id]
        assert told == [came.status_code] * 2, "one line of the gateway, one of the service"
    sent = [
        each.request.headers["authorization"].removeprefix("Bearer ") for each in (read, search)
    ]
    for secret in (value, *sent, INTERNAL_TOKEN, JWT_SECRET, "ada@example.org"):
        assert secret not in output


def test_health_tells_the_release_of_each_private_service(build: Build) -> None:
    came = build().client.get("/health")
    assert came.status_code == 200
    entries = {name: entries[0] for name, entries in came.json()["checks"].items()}
    releases = {name: e["releaseId"] for name, e in entries.items() if "releaseId" in e}
    assert releases == {"account:responseTime": "r-account", "keys:responseTime": "r-keys"}


def test_health_tells_the_revision_of_the_database_behind_each(build: Build) -> None:
    checks = build().client.get("/health").json()["checks"]
    for name in ("account", "keys"):
        (entry,) = checks[f"{name}:schema"]
        assert (entry["status"], entry["componentType"]) == ("pass", "datastore")
        assert (entry["observedValue"], entry["observedUnit"]) == (REVISION, "revision")
        assert 1 <= entry["oldestCompatible"] <= REVISION


def test_lost_database_of_the_services_is_seen_through_the_gateway(build: Build) -> None:
    system = build(url="postgresql://u:p@127.0.0.1:1/d")
    for path in ("/account/profile", "/keys/secrets"):
        came = system.call("GET", path)
        assert (came.status_code, came.headers["content-type"]) == (503, "application/problem+json")
        assert int(came.headers["retry-after"]) >= 1
    health = system.client.get("/health")
    assert (health.status_code, health.json()["status"]) == (503, "fail")
    releases = {entries[0]["releaseId"] for entries in health.json()["checks"].values()}
    assert releases == {"r-account", "r-keys"}
    assert system.client.get("/health/live").status_code == 200


@pytest.mark.parametrize("path", ["/keys/secrets/no-uuid", "/account/teams/%00"])
def test_bad_path_is_the_services_422(build: Build, path: str) -> None:
    assert build().call("GET", path).status_code == 422


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
def test_unknown_thing_is_404(build: Build, method: str) -> None:
    came = build().call(method, f"/account/teams/{uuid.UUID(int=1)}", json={"name": "x"})
    assert (came.status_code, came.headers["content-type"]) == (404, "application/problem+json")

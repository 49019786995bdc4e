"""The service as such: its health, its settings, its OpenAPI document."""

import time
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from pydantic import SecretStr
from starlette.types import ASGIApp

from harness.stack.sockets import listen, port_of
from services.keys.app import create
from services.keys.settings import KeysSettings
from services.settings import load
from tests.services.keys.world import SECRET, Person, World, refused

Serve = Callable[[ASGIApp], httpx.Client]


def test_health_tells_of_postgres(world: World) -> None:
    answer = world.http.get("/health")
    assert (
        answer.status_code,
        *(answer.json()[name] for name in ("serviceId", "releaseId", "instanceId")),
    ) == (200, "keys", "r1", "i1")
    assert answer.json()["checks"]["postgres:responseTime"][0]["status"] == "pass"


def test_without_postgres_all_is_503_in_time_but_liveness(
    settings: KeysSettings, serve: Serve
) -> None:
    with listen("nobody") as closed:
        port = port_of(closed)
    url = SecretStr(f"postgresql://keyarc:password@127.0.0.1:{port}/keyarc")
    http = serve(create(settings.model_copy(update={"database_url": url})))
    ada = Person("7f0c2f3e-6f0e-4b8e-9b0a-0d4c1c8f5a11", http)
    started_s = time.monotonic()
    for answer in (ada.get("/secrets"), ada.post("/secrets", SECRET), ada.get("/folders")):
        refused(answer, 503)
        assert int(answer.headers["retry-after"]) > 0
    assert time.monotonic() - started_s < 9
    assert (
        http.get("/health").status_code,
        http.get("/health/live").status_code,
    ) == (503, 200)


@pytest.mark.parametrize(
    ("variable", "value"),
    [("DATABASE_URL", None), ("DATABASE_URL", "mysql://x"), ("INTERNAL_TOKEN", "x" * 31)],
)
def test_bad_setting_ends_the_start(
    monkeypatch: pytest.MonkeyPatch, variable: str, value: str | None
) -> None:
    good = {
        "DATABASE_URL": "postgresql://u:p@h/d",
        "INTERNAL_TOKEN": "x" * 32,
        "ENVIRONMENT": "dev",
        "RELEASE_ID": "r",
        "INSTANCE_ID": "i",
    }
    for name, each in (good | {variable: value}).items():
        if each is None:
            monkeypatch.delenv(name, raising=False)
        else:
            monkeypatch.setenv(name, each)
    with pytest.raises(SystemExit, match=f"^cannot start: {variable}: ") as end:
        load(KeysSettings)
    assert value is None or value not in str(end.value)


@pytest.fixture(scope="module")
def document(settings: KeysSettings) -> dict[str, Any]:
    return create(settings).openapi()


def operations(document: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {
        operation["operationId"]: operation
        for methods in document["paths"].values()
        for operation in methods.values()
    }


def test_every_operation_is_in_the_document(document: dict[str, Any]) -> None:
    expected = {
        "list_secrets",
        "create_secret",
        "read_secret",
        "update_secret",
        "delete_secret",
        "list_expiring_secrets",
        "list_folders",
        "create_folder",
        "update_folder",
        "delete_folder",
        "list_audit_entries",
        "readiness",
        "liveness",
    }
    assert expected == set(operations(document))
    assert all(operation["description"] for operation in operations(document).values())
    assert "/keys/secrets/{secret_id}" in document["paths"]


@pytest.mark.parametrize(
    ("operation", "statuses"),
    [
        ("list_secrets", "200 401 404 422 503"),
        ("create_secret", "201 400 401 403 404 409 413 422 503"),
        ("read_secret", "200 401 404 422 503"),
        ("update_secret", "200 400 401 403 404 412 413 422 428 503"),
        ("delete_secret", "204 401 403 404 422 503"),
        ("list_expiring_secrets", "200 401 422 503"),
        ("create_folder", "201 401 403 404 409 413 422 503"),
        ("update_folder", "200 401 403 404 409 413 422 503"),
        ("delete_folder", "204 401 403 404 422 503"),
        ("list_audit_entries", "200 401 404 422 503"),
    ],
)
def test_every_status_is_documented(
    document: dict[str, Any], operation: str, statuses: str
) -> None:
    assert statuses.split() == sorted(operations(document)[operation]["responses"])

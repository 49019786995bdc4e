"""The gateway's health is that of the services behind it, told with their releases."""

import json
import time
from typing import Any

import pytest

from tests.services.gateway.conftest import Gateway
from tests.services.scripted import Connection, Script, answering, ok, server

PASSING = {"status": "pass", "serviceId": "x", "releaseId": "r7", "instanceId": "i7"}


def health(status: int = 200, /, **changed: Any) -> Script:
    body = json.dumps({**PASSING, **changed}).encode()
    return answering(ok(body).replace(b"200 OK", f"{status} Whatever".encode()))


def hang(connection: Connection, _head: bytes) -> None:
    connection.rest()


@pytest.mark.parametrize("prefix", ["", "/api"])
def test_gateway_is_healthy_with_both_services(gateway: Gateway, prefix: str) -> None:
    with server(health(releaseId="r8")) as account, server(health()) as keys:
        came = gateway(account_url=account.url, keys_url=keys.url).get(f"{prefix}/health")
        assert came.status_code == 200
        assert came.headers["content-type"] == "application/health+json"
        assert came.headers["cache-control"] == "no-store"
        body = came.json()
        assert (body["status"], body["serviceId"], body["releaseId"]) == ("pass", "gateway", "r1")
        (entry,) = body["checks"]["account:responseTime"]
        assert (entry["status"], entry["releaseId"], entry["instanceId"]) == ("pass", "r8", "i7")
        assert entry["componentType"] == "component"
        assert body["checks"]["keys:responseTime"][0]["releaseId"] == "r7"
        assert account.targets() == keys.targets() == ["/health"]
        assert "127.0.0.1" not in came.text


@pytest.mark.parametrize(
    "unwell",
    [health(503, status="fail"), health(200, status="fail"), health(503), health(200, status=None)],
)
def test_service_that_says_fail_fails_the_gateway_and_still_names_its_release(
    gateway: Gateway, unwell: Script
) -> None:
    with server(unwell) as account, server(health()) as keys:
        came = gateway(account_url=account.url, keys_url=keys.url).get("/health")
        assert (came.status_code, came.json()["status"]) == (503, "fail")
        (entry,) = came.json()["checks"]["account:responseTime"]
        assert (entry["status"], entry["releaseId"], entry["instanceId"]) == ("fail", "r7", "i7")
        assert came.json()["checks"]["keys:responseTime"][0]["status"] == "pass"


def schema(revision: object, oldest: object) -> dict[str, list[dict[str, object]]]:
    return {"postgres:schema": [{"observedValue": revision, "oldestCompatible": oldest}]}


@pytest.mark.parametrize(("status", "word"), [(200, "pass"), (503, "fail")])
def test_schema_is_passed_on_whether_or_not_it_serves(
    gateway: Gateway, status: int, word: str
) -> None:
    telling = health(status, status=word, checks=schema(7, 5))
    with server(telling) as account, server(health()) as keys:
        checks = gateway(account_url=account.url, keys_url=keys.url).get("/health").json()["checks"]
        (entry,) = checks["account:schema"]
        assert (entry["status"], entry["observedValue"], entry["oldestCompatible"]) == (word, 7, 5)
        assert "keys:schema" not in checks


NO_SCHEMA = [
    {},
    [],
    {"postgres:schema": []},
    {"postgres:schema": {"0": 1}},
    {"postgres:schema": [7]},
    {"postgres:schema": [{"observedValue": 7}]},
    schema("<canary>", 5),
    schema(7, "canary"),
    schema(True, 1),
    schema(7.5, 5),
    schema(-1, 0),
    schema(10**400, 5),
    schema(None, None),
]


@pytest.mark.parametrize("checks", NO_SCHEMA, ids=str)
def test_schema_that_is_none_is_not_passed_on(gateway: Gateway, checks: Any) -> None:
    with server(health(checks=checks)) as account, server(health()) as keys:
        came = gateway(account_url=account.url, keys_url=keys.url).get("/health")
        assert came.status_code == 200
        assert set(came.json()["checks"]) == {"account:responseTime", "keys:responseTime"}
        assert "canary" not in came.text


NO_DOCUMENT = {
    "no JSON": answering(ok(b"<html>")),
    "no object": answering(ok(b"[]")),
    "nested too deep": answering(ok(b"[" * 100_000)),
    "not UTF-8": answering(ok(b"\xff\xfe\x00")),
    "far too long": answering(ok(b" " * 1_000_000)),
    "empty": answering(ok(b"")),
    "redirect": answering(ok(b"", "Location: /health/live").replace(b"200 OK", b"302 Found")),
    "hangs up": answering(b""),
}


@pytest.mark.parametrize("script", NO_DOCUMENT.values(), ids=NO_DOCUMENT)
def test_answer_that_is_no_health_document_fails_the_gateway(
    gateway: Gateway, script: Script
) -> None:
    with server(script) as account, server(health()) as keys:
        came = gateway(account_url=account.url, keys_url=keys.url).get("/health")
        assert came.status_code == 503
        assert came.json()["checks"]["account:responseTime"][0]["status"] == "fail"


@pytest.mark.parametrize("release", [None, 7, {}, "x" * 129, "\ud800", "a\nb"])
def test_release_that_is_none_is_left_out(gateway: Gateway, release: object) -> None:
    with server(health(releaseId=release)) as account, server(health()) as keys:
        came = gateway(account_url=account.url, keys_url=keys.url).get("/health")
        assert came.status_code == 200
        assert "releaseId" not in came.json()["checks"]["account:responseTime"][0]


def test_health_answers_within_two_seconds_when_both_hang(gateway: Gateway) -> None:
    with server(hang) as account, server(hang) as keys:
        client = gateway(account_url=account.url, keys_url=keys.url)
        started_s = time.monotonic()
        came = client.get("/health")
        assert 1.5 <= time.monotonic() - started_s < 2
        assert came.status_code == 503
        assert {entries[0]["output"] for entries in came.json()["checks"].values()} == {
            "no answer within 1.5 s"
        }


def test_liveness_asks_nobody(gateway: Gateway) -> None:
    came = gateway().get("/health/live")
    assert (came.status_code, came.json()["status"]) == (200, "pass")


def test_services_that_are_away_fail_the_gateway(gateway: Gateway) -> None:
    came = gateway().get("/health")
    assert came.status_code == 503
    assert [entries[0]["output"] for entries in came.json()["checks"].values()] == ["no answer"] * 2

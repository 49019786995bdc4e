"""Each promise of the health check is broken once, and the check fails for that reason."""

import asyncio
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from harness.checks.health import derive
from harness.model import Outcome, RunRecord
from tests.harness.server import Answer, healthy, serving
from tests.harness.verifying import environment, outcomes, verified

GOOD = healthy({"postgres": "pass", "keys": "pass"})


def run(tmp_path: Path, answer: Answer, service: dict[str, Any] | None = None) -> RunRecord:
    """Health of `gateway`, and of `keys` behind it, where the gateway answers so."""

    async def inside() -> RunRecord:
        async with serving(lambda seen: answer) as server:
            gateway = {"url": server.url, "depends_on": ["postgres"], **(service or {})}
            behind = {
                "url": "http://keys.invalid",
                "visibility": "private",
                "health": {"via": "gateway"},
            }
            where = environment({"gateway": gateway, "keys": behind})
            return await verified(where, list(derive(where)), tmp_path / "run")

    return asyncio.run(inside())


def result(record: RunRecord, id_: str) -> tuple[Outcome, str, str]:
    [found] = [one for one in record.results if one.id == id_]
    return found.outcome, found.message, found.came


def with_header(name: str, value: str | None) -> Answer:
    headers = {key: text for key, text in GOOD.headers.items() if key != name}
    return replace(GOOD, headers=headers | ({name: value} if value is not None else {}))


def test_a_healthy_service_passes_and_the_one_behind_it(tmp_path: Path) -> None:
    record = run(tmp_path, GOOD)
    assert {"health.gateway": Outcome.PASS, "health.keys": Outcome.PASS} == outcomes(record)


@pytest.mark.parametrize(
    ("answer", "message", "came"),
    [
        (Answer(status=204, body=b""), "GET /health", "204"),
        (Answer(status=404), "GET /health", "404"),
        (Answer(status=302, headers={"location": "/in"}), "GET /health", "302, a redirect to /in"),
        (with_header("content-type", "text/html"), "content type of health", "'text/html'"),
        (with_header("cache-control", None), "a health answer must not be cached", "''"),
        (with_header("cache-control", "max-age=5"), "a health answer must not be cached",
         "'max-age=5'"),
        (with_header("age", "3"), "the answer is from a cache", "Age: 3"),
        (healthy({"postgres": "pass"}, status="fail"), "body and status code disagree",
         "`fail` with 200"),
        (healthy({}), "health says nothing about postgres", "none"),
        (healthy({"postgres": "fail"}), "postgres is not healthy", "fail"),
        (replace(GOOD, body=b"<html>"), "GET /health: the body is not what was promised",
         "body: Invalid JSON: expected value at line 1 column 1"),
        (replace(GOOD, body=b'{"status": "great"}'),
         "GET /health: the body is not what was promised",
         "status: Value error, one of pass, warn, fail is needed"),
        (replace(GOOD, body=b'{"status": "pass", "checks": {"postgres:x": []}}'),
         "GET /health: the body is not what was promised",
         "checks.postgres:x: List should have at least 1 item after validation, not 0"),
    ],
)  # fmt: skip
def test_an_untruthful_or_unhealthy_answer_fails(
    tmp_path: Path, answer: Answer, message: str, came: str
) -> None:
    assert (Outcome.FAIL, message, came) == result(run(tmp_path, answer), "health.gateway")


def test_a_503_is_confirmed_and_its_body_shown(tmp_path: Path) -> None:
    down = healthy({"postgres": "fail", "keys": "pass"}, status="fail", code=503)
    record = run(tmp_path, down)
    outcome, _, came = result(record, "health.gateway")
    assert outcome is Outcome.FAIL
    assert came.startswith('503: {"status": "fail", "checks": {"postgres:responseTime"')


def test_the_service_behind_is_not_blamed_for_what_another_one_does(tmp_path: Path) -> None:
    down = healthy({"postgres": "fail", "keys": "pass"}, status="fail", code=503)
    assert Outcome.PASS is outcomes(run(tmp_path, down))["health.keys"]


@pytest.mark.parametrize(
    ("checks", "message"),
    [
        ({"postgres": "pass"}, "health says nothing about keys:responseTime"),
        ({"postgres": "pass", "keys": "fail"}, "keys:responseTime is not healthy"),
        ({"postgres": "pass", "keys:uptime": "pass"}, "health says nothing about keys:resp"),
    ],
)
def test_a_private_service_fails_where_the_public_one_does_not_vouch_for_it(
    tmp_path: Path, checks: dict[str, str], message: str
) -> None:
    outcome, told, _ = result(run(tmp_path, healthy(checks)), "health.keys")
    assert outcome is Outcome.FAIL
    assert told.startswith(message)


def test_a_private_service_fails_when_the_public_one_is_gone(tmp_path: Path) -> None:
    record = run(tmp_path, Answer(status=502, body=b"bad gateway"))
    assert Outcome.FAIL is outcomes(record)["health.keys"]


def test_a_warning_is_healthy(tmp_path: Path) -> None:
    record = run(tmp_path, healthy({"postgres": "warn", "keys": "pass"}, status="warn"))
    assert Outcome.PASS is outcomes(record)["health.gateway"]


def test_words_of_other_frameworks_are_understood(tmp_path: Path) -> None:
    body = json.loads(GOOD.body) | {"status": "UP"}
    record = run(tmp_path, replace(GOOD, body=json.dumps(body).encode()))
    assert Outcome.PASS is outcomes(record)["health.gateway"]


@pytest.mark.parametrize(("status", "outcome"), [(204, Outcome.PASS), (200, Outcome.FAIL)])
def test_without_a_format_the_exact_status_counts_alone(
    tmp_path: Path, status: int, outcome: Outcome
) -> None:
    health = {"path": "/ready", "expect_status": 204, "format": "none"}
    record = run(tmp_path, Answer(status=status, body=b""), {"health": health})
    assert outcome is outcomes(record)["health.gateway"]

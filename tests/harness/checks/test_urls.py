"""An address that leads elsewhere, or nowhere, is found."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from harness.checks.urls import derive
from harness.model import Outcome, Result
from tests.harness.server import Answer, serving
from tests.harness.verifying import environment, only, verified


def saying(service_id: object) -> Answer:
    return Answer(body=json.dumps({"status": "pass", "serviceId": service_id}).encode())


def run(tmp_path: Path, first: Answer, second: Answer, **health: Any) -> Result:
    """A service with two addresses, `/auth` and the host itself."""

    async def inside() -> Result:
        async with serving(lambda s: first if s.path.startswith("/auth/") else second) as server:
            service = {"url": f"{server.url}/auth", "also_at": [server.url], "health": health}
            where = environment({"auth": service})
            return only(await verified(where, list(derive(where)), tmp_path / "run"))

    return asyncio.run(inside())


def test_addresses_of_one_service_pass(tmp_path: Path) -> None:
    result = run(tmp_path, saying("auth"), saying("auth"), service_id="auth")
    assert Outcome.PASS is result.outcome
    paths = [e.url.rpartition(":")[2].partition("/")[2] for e in result.attempts[0].exchanges]
    assert ["auth/health", "health"] == paths


@pytest.mark.parametrize(
    ("second", "message", "came"),
    [
        (saying("frontend"), "the addresses are answered by different services", "'frontend' at"),
        (saying(None), "the addresses are answered by different services", "None at"),
        (saying(7), "GET /health: the body is not what was promised", "serviceId: "),
        (Answer(body=b"<html>"), "GET /health: the body is not what was promised", "Invalid JSON"),
        (Answer(status=404), "GET /health", "404"),
        (Answer(status=301, headers={"location": "/auth/health"}), "GET /health", "301"),
    ],
)
def test_an_address_of_something_else_fails(
    tmp_path: Path, second: Answer, message: str, came: str
) -> None:
    result = run(tmp_path, saying("auth"), second)
    assert (result.outcome, result.message) == (Outcome.FAIL, message)
    assert came in result.came


def test_a_service_that_is_another_one_at_all_its_addresses_fails(tmp_path: Path) -> None:
    result = run(tmp_path, saying("account"), saying("account"), service_id="auth")
    assert (result.outcome, result.expected, result.came) == (Outcome.FAIL, "'auth'", "'account'")
    assert result.message.startswith("serviceId at http://127.0.0.1:")


def test_addresses_that_never_say_whose_they_are_give_no_data(tmp_path: Path) -> None:
    result = run(tmp_path, saying(None), saying(None))
    assert Outcome.NO_DATA is result.outcome
    assert "no address says whose it is" in result.message


@pytest.mark.parametrize(("status", "outcome"), [(204, Outcome.PASS), (200, Outcome.FAIL)])
def test_without_a_format_the_status_counts_alone(
    tmp_path: Path, status: int, outcome: Outcome
) -> None:
    declared = Answer(status=204, body=b"")
    second = Answer(status=status, body=b"")
    result = run(tmp_path, declared, second, format="none", expect_status=204)
    assert outcome is result.outcome


def test_checks_are_for_public_services_with_something_to_compare() -> None:
    url = "http://127.0.0.1:9"
    many = {"url": url, "also_at": [f"{url}/x"]}
    where = environment(
        {
            "plain": url,
            "many": many,
            "named": {"url": url, "health": {"service_id": "named"}},
            "hidden": {**many, "visibility": "private"},
        }
    )
    assert ["urls.many", "urls.named"] == [check.id for check in derive(where)]

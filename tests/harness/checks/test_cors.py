"""Whoever answers to pages of any origin fails, in each of the ways in which servers do it."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from harness.checks.cors import derive
from harness.model import Outcome, Result
from tests.harness.server import Answer, Handler, Seen, serving
from tests.harness.verifying import environment, only, verified

FRIEND = "https://app.example"
Allow = Callable[[Seen], dict[str, str]]


def run(tmp_path: Path, handler: Handler, cors: dict[str, Any] | None = None) -> Result:
    async def inside() -> Result:
        async with serving(handler) as server:
            where = environment({"api": {"url": server.url, "cors": cors or {}}})
            return only(await verified(where, list(derive(where)), tmp_path / "run"))

    return asyncio.run(inside())


def allowing(allow: Allow, *, preflight: int = 204) -> Handler:
    """A server that answers with these headers."""
    return lambda seen: Answer(
        status=preflight if seen.method == "OPTIONS" else 200, headers=allow(seen)
    )


def reflected(seen: Seen) -> dict[str, str]:
    return {"access-control-allow-origin": seen.headers["origin"]}


def reflected_with_credentials(seen: Seen) -> dict[str, str]:
    return {**reflected(seen), "access-control-allow-credentials": "true"}


def to_all(seen: Seen) -> dict[str, str]:
    return {"access-control-allow-origin": "*"}


def to_friend(seen: Seen) -> dict[str, str]:
    return reflected(seen) if seen.headers["origin"] == FRIEND else {}


def to_null(seen: Seen) -> dict[str, str]:
    return {"access-control-allow-origin": "null"}


def at_preflight(seen: Seen) -> dict[str, str]:
    return to_all(seen) if seen.method == "OPTIONS" else {}


@pytest.mark.parametrize("preflight", [204, 400, 405, 501])
def test_a_service_that_allows_nobody_passes_however_it_answers_preflights(
    tmp_path: Path, preflight: int
) -> None:
    result = run(tmp_path, allowing(lambda seen: {}, preflight=preflight))
    assert (result.outcome, result.message) == (Outcome.PASS, "")
    asked = {(e.method, dict(e.request_headers)["origin"]) for e in result.attempts[0].exchanges}
    stranger = "https://keyarc-verify.example"
    assert asked == {("GET", stranger), ("OPTIONS", stranger), ("GET", "null")}


@pytest.mark.parametrize(
    ("allow", "came"),
    [
        (to_all, "Access-Control-Allow-Origin: *"),
        (reflected, "Access-Control-Allow-Origin: https://keyarc-verify.example"),
        (to_null, "Access-Control-Allow-Origin: null"),
        (at_preflight, "Access-Control-Allow-Origin: *"),
        (lambda seen: {"access-control-allow-origin": f"{FRIEND}, *"},
         f"Access-Control-Allow-Origin: {FRIEND}, *"),
    ],
)  # fmt: skip
def test_leave_for_strangers_fails(tmp_path: Path, allow: Allow, came: str) -> None:
    result = run(tmp_path, allowing(allow))
    assert result.outcome is Outcome.FAIL
    assert "pages of any origin" in result.message
    assert (result.expected, result.came) == ("no leave for them", came)


@pytest.mark.parametrize("allow", [to_all, reflected, lambda seen: {}])
def test_an_open_service_may_answer_to_all(tmp_path: Path, allow: Allow) -> None:
    assert Outcome.PASS is run(tmp_path, allowing(allow), {"open": True}).outcome


def test_an_open_service_may_not_let_strangers_use_credentials(tmp_path: Path) -> None:
    result = run(tmp_path, allowing(reflected_with_credentials), {"open": True})
    assert (result.outcome, result.expected) == (Outcome.FAIL, "no credentials for them")


def test_a_declared_origin_is_allowed_and_strangers_are_not(tmp_path: Path) -> None:
    assert Outcome.PASS is run(tmp_path, allowing(to_friend), {"origins": [FRIEND]}).outcome


@pytest.mark.parametrize(
    "allow", [lambda seen: {}, lambda seen: {"access-control-allow-origin": FRIEND + "/"}]
)
def test_a_declared_origin_that_is_refused_fails(tmp_path: Path, allow: Allow) -> None:
    result = run(tmp_path, allowing(allow), {"origins": [FRIEND]})
    assert result.outcome is Outcome.FAIL
    assert result.message == f"{FRIEND} is declared and may not read the answers"


def test_a_star_serves_a_declared_origin_of_an_open_service_alone(tmp_path: Path) -> None:
    cors = {"origins": [FRIEND], "open": True}
    assert Outcome.PASS is run(tmp_path, allowing(to_all), cors).outcome
    assert Outcome.FAIL is run(tmp_path / "b", allowing(to_all), {"origins": [FRIEND]}).outcome


def test_a_service_that_only_breaks_never_passes(tmp_path: Path) -> None:
    assert Outcome.FAIL is run(tmp_path, lambda seen: Answer(status=500)).outcome


def test_who_cannot_do_its_work_is_judged_by_its_headers_all_the_same(tmp_path: Path) -> None:
    assert Outcome.PASS is run(tmp_path, lambda seen: Answer(status=503)).outcome
    (tmp_path / "again").mkdir()
    result = run(tmp_path / "again", lambda seen: Answer(status=503, headers=reflected(seen)))
    assert Outcome.FAIL is result.outcome


def test_private_services_have_no_check() -> None:
    where = environment({"keys": {"url": "http://127.0.0.1:9", "visibility": "private"}})
    assert list(derive(where)) == []

"""A journey that does not come to its end is ended, and says what it was waiting for."""

import asyncio
import json
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from harness.errors import ContractViolation
from harness.model import Outcome
from suites.keyarc.deadline import Deadline
from suites.keyarc.waiting import Loop, at_once
from tests.planting import Defect, Forward, when
from tests.suites.conftest import Users
from tests.suites.system import System
from tests.suites.test_journeys import JOURNEYS, run

SECRETS = "/keys/secrets"
LIMIT_S = 1.5


@pytest.fixture
def loop() -> Iterator[Loop]:
    with Loop() as loop:
        yield loop


async def _never(request: Request, forward: Forward) -> Response:
    await asyncio.sleep(60)
    return await forward(request)


async def _next(request: Request, forward: Forward) -> Response:
    return JSONResponse({"items": [], "next_cursor": "more"})


@pytest.mark.parametrize("defect", [_never, _next], ids=["no answer", "a list without end"])
def test_it_fails_and_shows_its_last_request(
    system: System,
    users_left: Users,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    defect: Defect,
) -> None:
    monkeypatch.setenv("KEYARC_JOURNEY_LIMIT_S", str(LIMIT_S))
    with system.broken("gateway", when("GET", SECRETS, defect)):
        (tmp_path / "here.yaml").write_text(json.dumps(system.declaration()))
        told = run(tmp_path, f"{JOURNEYS}/test_pages.py::test_pages_add_up[2]")
    result = next(result for id_, result in told.items() if "test_pages_add_up" in id_)
    assert result["outcome"] == Outcome.FAIL
    assert result["message"] == "the journey comes to its end"
    assert result["expected"] == f"within {LIMIT_S:g} s"
    assert result["came"].startswith(f"GET {SECRETS}?")
    assert result["came"].endswith(" was still to be answered")
    assert SECRETS in result["curl"] or "POST" in result["curl"]
    assert users_left.emails() == [], "what it made is removed all the same"


def test_what_is_waited_for_is_given_up(loop: Loop) -> None:
    given_up = []

    async def waits() -> None:
        try:
            await asyncio.sleep(60)
        finally:
            given_up.append(True)

    async def nothing() -> None:
        return None

    with Deadline(0.05).kept(), pytest.raises(ContractViolation, match="GET / was still to be"):
        loop.run(waits(), "GET /")
    loop.run(nothing())
    assert given_up == [True]


def test_threads_of_a_journey_keep_to_its_time(loop: Loop) -> None:
    def ask() -> None:
        loop.run(asyncio.sleep(60), "GET /")

    with Deadline(0.05).kept(), pytest.raises(ContractViolation, match="comes to its end"):
        at_once(ask, ask)


def test_what_a_limit_costs_does_not_count(loop: Loop) -> None:
    deadline = Deadline(0.05)

    async def waits() -> str:
        deadline.extend(60)
        await asyncio.sleep(0.2)
        return "answered"

    with deadline.kept():
        assert loop.run(waits()) == "answered"


def test_outside_of_a_journey_nothing_is_cut_off(loop: Loop) -> None:
    began_s = time.monotonic()
    loop.run(asyncio.sleep(0.05))
    assert time.monotonic() - began_s >= 0.05

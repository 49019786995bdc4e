"""A run under load passes on what was seen and kept, never on silence."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from harness.errors import UsageError
from harness.model import Verdict
from suites.load.thresholds import Counted, Thresholds
from tests.harness.cli.command import ROOT
from tests.planting import instead, when
from tests.suites.conftest import Users
from tests.suites.system import System

OPERATIONS = ("GET /a", "POST /a")
GOOD = [Counted("GET /a", 100, 0, 20.0), Counted("POST /a", 10, 0, 50.0)]
LIMITS = Thresholds(p95_ms=100, error_ratio=0.01)


def test_what_was_seen_and_kept_is_go() -> None:
    assert LIMITS.judge(GOOD, OPERATIONS) == (Verdict.GO, [])


@pytest.mark.parametrize("seen", [[], [Counted("GET /a", 0, 0, 0.0)]])
def test_no_request_is_never_go(seen: list[Counted]) -> None:
    assert LIMITS.judge(seen, OPERATIONS) == (Verdict.HOLD, ["no request was made"])


def test_an_operation_that_was_never_asked_is_named() -> None:
    assert LIMITS.judge(GOOD[:1], OPERATIONS) == (Verdict.HOLD, ["POST /a: never asked"])


@pytest.mark.parametrize(
    ("one", "line"),
    [
        (Counted("GET /a", 100, 0, 101.0), "GET /a: p95 101 ms, at most 100 ms"),
        (Counted("GET /a", 100, 0, float("nan")), "GET /a: p95 nan ms, at most 100 ms"),
        (Counted("GET /a", 100, 2, 20.0), "GET /a: 2 of 100 failed, at most 1.00% may"),
    ],
)
def test_a_missed_threshold_is_no_go(one: Counted, line: str) -> None:
    assert LIMITS.judge([one, GOOD[1]], OPERATIONS) == (Verdict.NO_GO, [line])


def test_a_missed_threshold_weighs_more_than_silence() -> None:
    verdict, lines = LIMITS.judge([Counted("GET /a", 100, 100, 20.0)], OPERATIONS)
    assert (verdict, len(lines)) == (Verdict.NO_GO, 2)


def test_the_limit_itself_is_kept() -> None:
    assert LIMITS.judge([Counted("GET /a", 100, 1, 100.0)], ["GET /a"])[0] is Verdict.GO


@pytest.mark.parametrize(
    "variables",
    [
        {"LOAD_P95_MS": "fast"},
        {"LOAD_P95_MS": "-1"},
        {"LOAD_P95_MS": "inf"},
        {"LOAD_ERROR_RATIO": "nan"},
        {"LOAD_ERROR_RATIO": "1"},
    ],
)
def test_a_limit_that_cannot_be_kept_is_refused(variables: dict[str, str]) -> None:
    with pytest.raises(UsageError, match=next(iter(variables))):
        Thresholds.of_environment(variables)


def load(folder: Path, **variables: str) -> tuple[int, str]:
    """Locust by itself: its exit code, and what it says."""
    done = subprocess.run(
        [
            *(sys.executable, "-m", "locust", "-f", str(ROOT / "suites/load/locustfile.py")),
            *("--headless", "-u", "2", "-r", "2", "-t", "3s", "--only-summary"),
        ],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT), "LOAD_ENV": "./here.yaml", **variables},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


@pytest.fixture
def here(system: System, users_left: Users, tmp_path: Path) -> Path:
    (tmp_path / "here.yaml").write_text(json.dumps(system.declaration()))
    return tmp_path


def test_a_run_asks_everything_and_leaves_nothing(here: Path, users_left: Users) -> None:
    code, said = load(here, LOAD_P95_MS="30000")
    assert code == 0, said
    assert "GO  " in said
    assert users_left.emails() == []
    assert not list((here / "reports" / "runs").iterdir())


def test_a_missed_threshold_ends_with_10_and_is_named(here: Path, users_left: Users) -> None:
    code, said = load(here, LOAD_P95_MS="0.5")
    assert code == Verdict.NO_GO.exit_code, said
    for operation in ("POST /login", "GET /keys/secrets", "DELETE /keys/secrets/{id}"):
        assert f"{operation}: p95 " in said
    assert users_left.emails() == []


def test_a_run_that_could_not_begin_ends_with_20(system: System, here: Path) -> None:
    with system.broken("auth", when("POST", "/signup", instead(503))):
        code, said = load(here)
    assert code == Verdict.HOLD.exit_code, said
    assert "HOLD  0 requests\nusers could not be signed up: POST /signup" in said


def test_production_is_never_loaded(system: System, here: Path) -> None:
    tree = {**system.declaration(), "production": True}
    (here / "here.yaml").write_text(json.dumps(tree))
    code, said = load(here)
    assert (code, said.strip().splitlines()[-1]) == (
        2,
        "load: test is never put under load from here: nothing may be written there",
    )

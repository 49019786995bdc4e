"""The journeys find what they are about, pass on KeyArc, and leave nothing."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.requests import Request
from starlette.responses import Response

from harness.model import Outcome
from tests.harness.cli.command import ROOT
from tests.planting import Defect, Forward
from tests.suites.conftest import Users
from tests.suites.journeys_defects import DEFECTS
from tests.suites.system import JWT_SECRET, System

JOURNEYS = ROOT / "suites" / "journeys"
CHOSEN = [f"{JOURNEYS}/{planted.test}" for planted in DEFECTS.values()]


def switched(folder: Path, service: str) -> Defect:
    """Whichever defect of a service the file names."""

    async def defect(request: Request, forward: Forward) -> Response:
        try:
            planted = DEFECTS[(folder / "planted").read_text()]
        except FileNotFoundError:
            return await forward(request)
        return await (planted.defect if planted.service == service else _none)(request, forward)

    return defect


async def _none(request: Request, forward: Forward) -> Response:
    return await forward(request)


@pytest.fixture
def here(system: System, users_left: Users, tmp_path: Path) -> Iterator[Path]:
    """A folder with a file of the environment, and with doors that look for `planted` in it."""
    insight = {"insight": {"secrets": {"jwt-secret": "${env:JWT_SECRET}"}}}
    (tmp_path / "here.yaml").write_text(json.dumps({**system.declaration(), **insight}))
    with (
        system.broken("gateway", switched(tmp_path, "gateway")),
        system.broken("auth", switched(tmp_path, "auth")),
    ):
        yield tmp_path


def run(folder: Path, *arguments: str) -> dict[str, dict[str, str]]:
    """What became of each test, by the name that it was chosen by."""
    plugins = ("no:cacheprovider", "harness.plugin", "pytest_timeout")
    done = subprocess.run(
        [
            *(sys.executable, "-m", "pytest", f"--rootdir={ROOT}", "--env=here.yaml"),
            *(word for plugin in plugins for word in ("-p", plugin)),
            *("--results=results.jsonl", *arguments),
        ],
        cwd=folder,
        env={
            **os.environ,
            "PYTHONPATH": str(ROOT),
            "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
            "KEYARC_ARGON2_COST": "1.64.1",
            "JWT_SECRET": JWT_SECRET,
        },
        capture_output=True,
        text=True,
        check=False,
    )
    lines = map(json.loads, (folder / "results.jsonl").read_text().splitlines())
    told = {line["id"]: line for line in lines if line["kind"] == "result"}
    assert told, done.stdout + done.stderr
    return told


def named(test: str) -> str:
    return test.replace(".py::", ".")


def test_each_is_found_by_the_test_that_is_about_it(here: Path, users_left: Users) -> None:
    told = run(here, "-p", "tests.suites.journeys_switch", *CHOSEN)
    came = {id_.rpartition("journeys.")[2]: result for id_, result in told.items()}
    for name, planted in DEFECTS.items():
        result = came[named(planted.test)]
        text = f"{result['message']}: expected {result['expected']}, came {result['came']}"
        assert (name, planted.outcome) == (name, result["outcome"]), text
        assert planted.says in text, name
    assert users_left.emails() == []


def test_the_same_tests_pass_on_keyarc_and_leave_nothing(here: Path, users_left: Users) -> None:
    told = run(here, *CHOSEN)
    assert {result["outcome"] for result in told.values()} == {Outcome.PASS}, told
    assert len(told) == len(DEFECTS)
    assert users_left.emails() == []
    journals = list(here.rglob("journal.jsonl"))
    assert len(journals) == 1, "who is told the results keeps it with them"


def test_where_nothing_may_be_written_the_rest_runs(
    system: System, here: Path, users_left: Users
) -> None:
    tree = {**system.declaration(), "production": True}
    (here / "here.yaml").write_text(json.dumps(tree))
    told = run(here, str(JOURNEYS))
    outcomes = {id_: result["outcome"] for id_, result in told.items()}
    passed = {id_ for id_, outcome in outcomes.items() if outcome == Outcome.PASS}
    looking = ("test_nobody[", "test_an_unknown_method_is", "test_who_is_well", "test_the_frontend")
    assert passed == {id_ for id_ in outcomes if any(f".{name}" in id_ for name in looking)}
    assert set(outcomes.values()) == {Outcome.PASS, Outcome.SKIPPED}
    reason = "makes data, and this environment is read-only (policy.write)"
    assert {r["message"] for r in told.values() if r["outcome"] == Outcome.SKIPPED} == {reason}

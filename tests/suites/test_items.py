"""pytest runs the smoke checks one by one against KeyArc, and tells Allure of each."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.harness.cli.command import ROOT
from tests.planting import instead, when
from tests.suites.conftest import Users
from tests.suites.defects import DEFECTS
from tests.suites.smoking import CHECKS, SECRET
from tests.suites.system import System

NAMES = {id_.rpartition(".")[2]: id_ for id_ in CHECKS}


@pytest.fixture
def here(system: System, users_left: Users, tmp_path: Path) -> Path:
    """A folder with a file of the environment."""
    (tmp_path / "here.yaml").write_text(json.dumps(system.declaration()))
    return tmp_path


def run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    plugins = ("no:cacheprovider", "harness.plugin", "allure_pytest")
    return subprocess.run(
        [
            *(sys.executable, "-m", "pytest", f"--rootdir={ROOT}", str(ROOT / "suites" / "smoke")),
            *(word for plugin in plugins for word in ("-p", plugin)),
            *("--env", "here.yaml", "--alluredir=allure", *arguments),
        ],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
        capture_output=True,
        text=True,
        check=False,
    )


def allure(folder: Path) -> dict[str, dict[str, object]]:
    results = [json.loads(f.read_text()) for f in (folder / "allure").glob("*-result.json")]
    return {result["name"]: result for result in results}


def test_all_pass_and_land_in_allure_with_their_promise(here: Path, users_left: Users) -> None:
    done = run(here)
    assert done.returncode == 0, done.stdout + done.stderr
    results = allure(here)
    assert {name: result["status"] for name, result in results.items()} == dict.fromkeys(
        NAMES, "passed"
    )
    assert (
        results["lives_until_it_is_deleted"]["description"]
        == "A secret comes back as it was stored, then as it was updated, and once deleted never."
    )
    assert users_left.emails() == []


def test_a_failure_lands_in_allure_with_what_was_expected_and_came(
    system: System, here: Path, users_left: Users
) -> None:
    planted = DEFECTS["another ciphertext"]
    with system.broken(planted.service, planted.defect):
        done = run(here, "-k", "lives_until_it_is_deleted")
    assert done.returncode == 1, done.stdout + done.stderr
    [result] = allure(here).values()
    assert result["status"] == "failed"
    details = json.dumps(result["statusDetails"])
    for part in (SECRET, "the stored ciphertext", "expected", "came", "curl", "$TOKEN"):
        assert part in details
    assert users_left.emails() == []


def test_a_limit_that_does_not_lift_is_broken_not_failed(system: System, here: Path) -> None:
    with system.broken("auth", when("POST", "/token/refresh", instead(429))):
        done = run(here, "-k", "is_not_renewed_for_anybody")
    assert done.returncode == 1, done.stdout + done.stderr
    [result] = allure(here).values()
    assert result["status"] == "broken"

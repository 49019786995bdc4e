"""pytest runs a suite's checks; in processes of its own, as a tester would."""

import asyncio
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from harness.model import Verdict
from harness.records import read
from tests.harness.cli.command import ROOT, Done
from tests.harness.server import Answer, Seen, serving

SUITE = '''
from harness.check import check, resource, step

@resource
async def thing(targets, journal):
    """A thing."""
    response = await targets["a"].post("/things", expect=201)
    yield response.status_code
    await targets["a"].delete("/things", expect=201)

@check(service="a")
async def first(target, thing):
    """The first promise."""
    assert thing == 201

@check(service="a")
async def second(target, thing):
    """The second promise."""
    await target.get("/x", expect=200, headers={"Authorization": "Bearer canary-4711"})
'''
PYTEST = [
    sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-p", "harness.plugin",
    "-p", "xdist", "-p", "allure_pytest",
]  # fmt: skip


def handler(seen: Seen) -> Answer:
    return Answer(status=500 if seen.path == "/broken" else 201)


def run(folder: Path, *arguments: str, declared: str = "") -> Done:
    """Runs pytest on a suite whose first check holds, and whose second one does not.

    Args:
        declared: More of the environment file.
    """
    (folder / "suite").mkdir(exist_ok=True)
    (folder / "suite" / "__init__.py").touch()
    (folder / "suite" / "things.py").write_text(SUITE)

    async def inside() -> Done:
        async with serving(handler) as server:
            (folder / "some.yaml").write_text(
                f"name: some\nsuites: [suite]\nservices: {{a: {{url: '{server.url}'}}}}\n"
                + declared
            )
            process = await asyncio.create_subprocess_exec(
                *PYTEST,
                *arguments,
                cwd=folder,
                # Named above instead of loaded by themselves: so it is the same installed or not.
                env={**os.environ, "PYTHONPATH": str(ROOT), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.PIPE,
            )
            out, err = await process.communicate()
            methods = [seen.method for seen in server.seen if seen.path == "/things"]
            assert methods.count("POST") == methods.count("DELETE")
            return Done(process.returncode or 0, out.decode(), err.decode())

    return asyncio.run(inside())


def test_checks_are_items_with_their_evidence(tmp_path: Path) -> None:
    done = run(tmp_path, "suite", "--env", "some.yaml", "--junitxml=junit.xml", "-rA")
    assert done.code == 1
    for part in (
        "PASSED suite/things.py::first",
        "FAILED suite/things.py::second",
        "The second promise.",
        "expected  status 200",
        "came      201",
        "$TOKEN",
    ):
        assert part in done.out
    assert "canary-4711" not in done.out + (tmp_path / "junit.xml").read_text()
    [directory] = (tmp_path / "reports" / "runs").iterdir()
    assert Verdict.NO_GO is read(directory).judgement.verdict


def test_a_selected_check_passes_and_its_record_is_no_go_for_a_release(tmp_path: Path) -> None:
    # What its ledger would need is not asked for.
    kept = "ledger: {name: github, settings: {token: '${env:NO_SUCH_TOKEN}'}}\n"
    done = run(tmp_path, "suite", "--env", "some.yaml", "-k", "first", declared=kept)
    assert done.code == 0, done
    [directory] = (tmp_path / "reports" / "runs").iterdir()
    assert Verdict.HOLD is read(directory).judgement.verdict


@pytest.mark.parametrize(
    ("entry", "outcome", "code"),
    [
        ("off: not before release 7", "1 passed, 1 skipped", 0),
        ("advisory: not before release 7, until: 2999-01-01", "1 passed, 1 xfailed", 0),
        ("advisory: not before release 7, until: 2020-01-01", "1 failed, 1 passed", 1),
    ],
)
def test_what_the_file_says_of_a_check_holds_here_too(
    tmp_path: Path, entry: str, outcome: str, code: int
) -> None:
    declared = f"checks: {{suite.things.second: {{{entry}}}}}\n"
    done = run(tmp_path, "suite", "--env", "some.yaml", "-rsx", declared=declared)
    assert outcome in done.out
    assert done.code == code
    assert code == 1 or "not before release 7" in done.out


def test_a_file_that_is_named_is_collected_once(tmp_path: Path) -> None:
    done = run(tmp_path, "suite/things.py", "--env", "some.yaml", "--collect-only", "-q")
    assert done.out.splitlines()[:2] == ["suite/things.py::first", "suite/things.py::second"]
    assert "2 tests collected" in done.out


def test_results_land_in_allure(tmp_path: Path) -> None:
    run(tmp_path, "suite", "--env", "some.yaml", "--alluredir=allure")
    results = [json.loads(f.read_text()) for f in (tmp_path / "allure").glob("*-result.json")]
    assert {r["name"]: r["status"] for r in results} == {"first": "passed", "second": "failed"}
    assert "canary-4711" not in json.dumps(results)


def test_workers_run_the_checks_too(tmp_path: Path) -> None:
    done = run(tmp_path, "suite", "--env", "some.yaml", "-n", "2")
    assert done.code == 1
    assert "1 failed, 1 passed" in done.out


def test_a_check_file_without_a_check_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "suite").mkdir()
    (tmp_path / "suite" / "empty.py").touch()
    done = run(tmp_path, "suite", "--env", "some.yaml")
    assert done.code != 0
    assert "suite.empty holds no check" in done.out + done.err


def test_checks_without_an_environment_are_an_error(tmp_path: Path) -> None:
    done = run(tmp_path, "suite/things.py")
    assert done.code == 2
    assert "is part of a suite: say where to run it with --env" in done.out


def test_a_suite_without_an_environment_is_no_pass(tmp_path: Path) -> None:
    assert run(tmp_path, "suite").code == 5


def test_an_unknown_environment_is_a_usage_error(tmp_path: Path) -> None:
    done = run(tmp_path, "suite", "--env", "nope")
    assert done.code == 4
    assert "unknown environment 'nope'; known here: " in done.err


@pytest.mark.parametrize("module", ["pydantic", "httpx", "yaml", "harness.check"])
def test_the_plugin_costs_other_tests_nothing(tmp_path: Path, module: str) -> None:
    (tmp_path / "test_plain.py").write_text(
        f"import sys\ndef test_not_loaded():\n    assert {module!r} not in sys.modules\n"
    )
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "harness.plugin"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout

"""Claims about a whole session: in a verdict, and where pytest is run by hand."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from harness.model import Outcome, Verdict
from tests.harness.test_part import (
    declare,
    environment,
    here,
    judged,
    outcomes,
    reasons,
    suite,
    verdict,
)

__all__ = ["here"]

# Three tests, each of which leaves its name; the claim is that all of them have.
TESTS = """
import pathlib, pytest

@pytest.mark.parametrize("name", ["a", "b"])
def test_leaves(name):
    with open("names", "a") as file:
        file.write(name)

@pytest.mark.needs("database")
def test_needs():
    with open("names", "a") as file:
        file.write("c")
"""
CLAIM = """
import pathlib
from harness.closing import Claim

def pytest_keyarc_claims(config):
    def holds():
        names = pathlib.Path("names")
        assert "{wanted}" == "".join(sorted(names.read_text())), "not all names were left"
    folder = pathlib.Path(__file__).parent
    return [Claim("coverage.names", "All names are left.", folder, holds)]
"""
ID = "coverage.names"


def claiming(wanted: str) -> None:
    suite(test_one=TESTS, conftest=CLAIM.replace("{wanted}", wanted))
    environment()


def by_hand(*arguments: str, where: str = "suites/some") -> subprocess.CompletedProcess[str]:
    """A developer's own pytest."""
    plugins = ("no:cacheprovider", "harness.plugin", "xdist")
    named = [word for plugin in plugins for word in ("-p", plugin)]
    return subprocess.run(
        [sys.executable, "-m", "pytest", where, "--env=here.yaml", "-q", *named, *arguments],
        env={**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_claim_is_a_part_of_the_verdict() -> None:
    claiming("ab")
    [*_, claim] = declare().declared
    assert (claim.id, claim.promise, claim.required) == (
        f"some.{ID}",
        "All names are left.",
        True,
    )
    record = judged()
    assert outcomes(record)[ID] is Outcome.PASS
    assert verdict(record) is Verdict.GO, reasons(record)


def test_a_claim_that_does_not_hold_is_no_go() -> None:
    claiming("abc")
    record = judged()
    assert outcomes(record)[ID] is Outcome.FAIL
    assert verdict(record) is Verdict.NO_GO
    [result] = [each for each in record.results if each.id == f"some.{ID}"]
    assert result.message.startswith("not all names were left")


def test_a_claim_that_breaks_is_no_go_either() -> None:
    claiming("ab")
    Path("suites/some/test_one.py").write_text("def test_leaves_nothing(): pass\n")
    record = judged()
    assert outcomes(record)[ID] is Outcome.ERROR, "nothing was observed"
    assert verdict(record) is not Verdict.GO


def test_where_nothing_may_be_written_a_claim_is_excluded() -> None:
    claiming("abc")
    tests = Path("suites/some/test_one.py")
    tests.write_text(f"{tests.read_text()}\n@pytest.mark.read_only\ndef test_looks(): pass\n")
    where = environment("production: true")
    [claim] = [each for each in declare(where).excluded if each.id == f"some.{ID}"]
    assert "policy.write" in claim.reason
    assert verdict(judged(where)) is Verdict.GO


@pytest.mark.parametrize("workers", ["0", "2"])
def test_by_hand_a_claim_that_does_not_hold_ends_with_1(workers: str) -> None:
    claiming("abc")
    done = by_hand(f"-n{workers}")
    assert done.returncode == 1, done.stdout
    assert f"FAILED {ID}: All names are left." in done.stdout
    assert "not all names were left" in done.stdout


def test_by_hand_a_claim_that_holds_ends_with_0() -> None:
    claiming("ab")
    assert by_hand("-n2").returncode == 0


@pytest.mark.parametrize(
    "words", [("-k", "leaves"), ("-n2", "-k", "leaves"), ("--ignore", "suites/some/test_two.py")]
)
def test_of_a_part_no_claim_is_judged(words: tuple[str, ...]) -> None:
    claiming("abc")
    suite(test_two="def test_other(): pass\n")
    done = by_hand(*words)
    assert (done.returncode, ID in done.stdout) == (0, False), done.stdout


def test_of_one_file_no_claim_is_judged() -> None:
    claiming("abc")
    assert by_hand(where="suites/some/test_one.py").returncode == 0


def test_after_a_failure_no_claim_is_judged() -> None:
    claiming("abc")
    suite(test_two="def test_fails(): assert False\n")
    done = by_hand()
    assert (done.returncode, ID in done.stdout) == (1, False)


def test_what_a_selection_leaves_out_is_no_failure_in_a_verdict() -> None:
    claiming("abc")
    suite(test_two="def test_other(): pass\n")
    where = environment("checks: {some.test_two.*: {off: this one is not for today}}")
    record = judged(where)
    assert outcomes(record)[ID] is Outcome.SKIPPED
    [result] = [each for each in record.results if each.id == f"some.{ID}"]
    assert result.message == "not judged: some tests were left out"


def test_workers_have_the_directory_of_the_run() -> None:
    claiming("ab")
    log = "pathlib.Path(config.getoption('run')).name"
    hook = f"\ndef pytest_sessionstart(session):\n    config = session.config\n    print({log}, "
    hook += "file=open('runs', 'a'))\n"
    conftest = Path("suites/some/conftest.py")
    conftest.write_text(conftest.read_text() + hook)
    by_hand("-n2")
    runs = Path("runs").read_text().split()
    assert (len(runs), len(set(runs))) == (3, 1)

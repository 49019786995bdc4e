"""Tests that one worker has to run are run by one, and known by the same ids as ever."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from harness.recording import _alone
from tests.harness.cli.command import ROOT

# Workers read the command line anew, and there it does not stand.
CHOOSES = """
import pytest

@pytest.hookimpl(tryfirst=True)
def pytest_cmdline_main(config):
    config.addinivalue_line("markers", "xdist_group(name)")
    if not hasattr(config, "workerinput"):
        config.option.dist = "loadgroup"
"""
TESTS = """
import os, pathlib, pytest, time

@pytest.mark.xdist_group("one")
@pytest.mark.parametrize("n", range(8))
def test_together(n):
    time.sleep(0.05)
    pathlib.Path(f"together-{os.environ['PYTEST_XDIST_WORKER']}").touch()
"""


def test_a_group_stays_together_where_the_suite_itself_chose_so(tmp_path: Path) -> None:
    (tmp_path / "conftest.py").write_text(CHOOSES)
    (tmp_path / "test_it.py").write_text(TESTS)
    words = ["-p", "no:cacheprovider", "-p", "harness.plugin", "-p", "xdist", "-n2"]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *words, "--results=told.jsonl", "."],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert len(list(tmp_path.glob("together-*"))) == 1
    told = [json.loads(line) for line in (tmp_path / "told.jsonl").read_text().splitlines()]
    ids = {line["id"].rpartition(".")[2] for line in told if line["kind"] == "result"}
    assert ids == {f"test_together[{n}]" for n in range(8)}


@pytest.mark.parametrize(
    ("nodeid", "expected"),
    [
        ("a/test_b.py::test_c", "a/test_b.py::test_c"),
        ("a/test_b.py::test_c@apart", "a/test_b.py::test_c"),
        ("a/test_b.py::test_c[1]@apart", "a/test_b.py::test_c[1]"),
        ("a/test_b.py::test_c[me@example.org]", "a/test_b.py::test_c[me@example.org]"),
        ("a/test_b.py::test_c[me@example.org]@apart", "a/test_b.py::test_c[me@example.org]"),
        ("home@work/test_b.py::test_c", "home@work/test_b.py::test_c"),
    ],
)
def test_the_group_of_a_test_is_no_part_of_its_id(nodeid: str, expected: str) -> None:
    assert _alone(nodeid) == expected

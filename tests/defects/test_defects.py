"""Releases with one defect each, on a real stack, under the real command: all are noticed."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from harness.model import Outcome, RunRecord, Verdict
from harness.records import read
from tests.defects.catalogue import CATALOGUE

ROOT = Path(__file__).parents[2]


def declared() -> str:
    """The file of CI's environment, with the services of `planted` in their places.

    There is one instance of keys: some defects remember.
    """
    tree = yaml.safe_load((ROOT / "environments" / "ci.yaml").read_text())
    stack = yaml.safe_load((ROOT / "environments" / "local.yaml").read_text())["stack"]
    stack["env"]["PLANTED"] = "${env:PLANTED}"
    for name, service in stack["services"].items():
        service["python"]["app"] = f"tests.defects.planted:{name}"
    stack["services"]["edge"]["env"]["EXPOSED_URL"] = "${stack:account.url}"
    del tree["stack_of"], tree["services"]["keys"]["instances"]
    return yaml.safe_dump({**tree, "name": "planted", "stack": stack}, sort_keys=False)


def smoke(folder: Path, name: str) -> tuple[int, RunRecord]:
    (folder / "planted.yaml").write_text(declared())
    command = ["smoke", "--env", "planted.yaml", "--release", "r7", "--output", "run"]
    done = subprocess.run(
        [sys.executable, "-m", "harness", *command],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT), "PLANTED": name},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (folder / "run" / "verdict.json").exists(), done.stderr
    return done.returncode, read(folder / "run")


def test_the_same_stack_without_a_defect_is_go(tmp_path: Path) -> None:
    code, record = smoke(tmp_path, "none")
    assert (code, record.judgement.reasons) == (0, ())


@pytest.mark.parametrize("name", sorted(set(CATALOGUE) - {"none"}))
def test_a_defect_is_no_go_and_the_right_check_is_named(tmp_path: Path, name: str) -> None:
    code, record = smoke(tmp_path, name)
    named = {reason.check for reason in record.judgement.reasons}
    failed = {result.id for result in record.results if result.outcome is Outcome.FAIL}
    assert (code, record.judgement.verdict) == (10, Verdict.NO_GO)
    assert CATALOGUE[name].noticed_by in named & failed

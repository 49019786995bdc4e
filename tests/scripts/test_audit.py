"""`.ci/audit`: every lock file, strictly; what is allowed for a while. pip-audit is a stand-in."""

import subprocess
from pathlib import Path

import pytest

from tests.scripts.step import PLAIN, PROJECT

STAND_IN = """#!/bin/sh
# Stands in for pip-audit: notes its words, and finds something in FOUND_IN.
echo "$*" >>"$CALLS"
case "$*" in *"--requirement $FOUND_IN") exit 1 ;; esac
"""


def audit(folder: Path, *, found_in: str = "nothing", allowed: str = "") -> tuple[int, str, str]:
    """Its code, what it said, and how pip-audit was called."""
    tool, calls, file = folder / "pip-audit", folder / "calls", folder / "allowed"
    tool.write_text(STAND_IN)
    tool.chmod(0o755)
    calls.touch()
    file.write_text(allowed)
    ended = subprocess.run(
        [PROJECT / ".ci/audit"],
        env={
            **PLAIN,
            "PIP_AUDIT": str(tool),
            "CALLS": str(calls),
            "FOUND_IN": found_in,
            "ALLOWED": str(file),
        },
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=60,
        check=False,
    )
    return ended.returncode, ended.stdout, calls.read_text()


def test_every_lock_file_is_looked_at_strictly(tmp_path: Path) -> None:
    code, _, calls = audit(tmp_path)
    assert code == 0
    folders = ("", "services/", ".ci/*.d/")
    locks = [file for each in folders for file in PROJECT.glob(f"{each}requirements*.lock")]
    assert len(locks) >= 4
    lines = sorted(
        "--strict --disable-pip --require-hashes --progress-spinner=off "
        f"--requirement {lock.relative_to(PROJECT)}"
        for lock in locks
    )
    assert sorted(calls.splitlines()) == lines


def test_one_finding_fails_all_and_the_others_are_still_looked_at(tmp_path: Path) -> None:
    code, said, calls = audit(tmp_path, found_in="requirements.lock")
    assert code == 1
    assert said.endswith("audit: failed: requirements.lock\n")
    assert "--requirement services/requirements.lock" in calls


def test_what_is_allowed_for_a_while_is_passed_on(tmp_path: Path) -> None:
    allowed = "# why\n\nGHSA-1 2999-01-01 Not reachable here.\nPYSEC-2 2999-01-01 No fix yet.\n"
    code, _, calls = audit(tmp_path, allowed=allowed)
    assert code == 0
    assert "--ignore-vuln GHSA-1 --ignore-vuln PYSEC-2 --requirement" in calls


@pytest.mark.parametrize(
    ("allowed", "said"),
    [
        ("GHSA-1 2020-01-01 Not reachable.\n", "GHSA-1 was allowed until 2020-01-01"),
        ("GHSA-1 2999-01-01\n", "GHSA-1 needs a day, YYYY-MM-DD, and a reason"),
        ("GHSA-1 soon It is.\n", "GHSA-1 needs a day, YYYY-MM-DD, and a reason"),
        ("GHSA-1\n", "GHSA-1 needs a day, YYYY-MM-DD, and a reason"),
    ],
)
def test_nothing_is_allowed_without_a_day_and_a_reason(
    tmp_path: Path, allowed: str, said: str
) -> None:
    code, output, calls = audit(tmp_path, allowed=allowed)
    assert code == 1
    assert said in output
    assert calls == ""

"""The whole matrix again and again: GO each time, and each cell ends as it did the first time."""

import json
import os
from pathlib import Path

import pytest

from tests.harness.cli.command import keyarc_verify

RUNS = int(os.environ.get("STORY_MATRIX", "1"))
LIMIT_S = 300
PAIRS = 4


def outcomes(run: Path) -> dict[str, str]:
    """By cell, how it ended."""
    told = map(json.loads, (run / "results.jsonl").read_text().splitlines())
    return {each["id"]: each["outcome"] for each in told if each["cell"]}


@pytest.mark.timeout(60 + 2 * LIMIT_S)
@pytest.mark.parametrize("number", range(RUNS))
def test_every_cell_ends_the_same_each_time(number: int, tmp_path: Path) -> None:
    words = ("health", "--env", "local", "--output", str(tmp_path / "run"))
    done = keyarc_verify(tmp_path, *words, limit_s=2 * LIMIT_S)
    assert done.code == 0, done.out
    found = outcomes(tmp_path / "run")
    assert len(found) >= 100
    assert set(found.values()) == {"pass"}
    verdict = json.loads((tmp_path / "run" / "verdict.json").read_text())
    assert verdict["duration_ms"] < LIMIT_S * 1000


@pytest.mark.timeout(60 + LIMIT_S)
def test_pairs_of_faults_are_told_as_well(tmp_path: Path) -> None:
    only = "faults.*+*"
    words = ("health", "--env", "local", "--pairs", str(PAIRS * RUNS), "--only", only)
    done = keyarc_verify(tmp_path, *words, "--output", "run", limit_s=LIMIT_S)
    found = outcomes(tmp_path / "run")
    assert len(found) == PAIRS * RUNS
    assert set(found.values()) == {"pass"}, done.out

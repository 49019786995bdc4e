"""What runs by the clock, for real but short: fuzzing and load, on a stack that the job starts."""

import json
from pathlib import Path

import pytest

from tests.workflows.act import PROJECT, Repository, program
from tests.workflows.stack import copied

ENV = {"STAND_IN_VENV": str(PROJECT / ".venv")}


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    program()
    return Repository(copied(tmp_path / "repository"))


@pytest.mark.timeout(400)
def test_a_part_of_the_fuzzing_leaves_what_it_found_and_covered(repository: Repository) -> None:
    only = ("--job", "fuzz", "--matrix", "part:1")
    inputs = {"seconds": "5", "seed": "7"}
    run = repository.run("nightly.yml", "workflow_dispatch", env=ENV, inputs=inputs, only=only)
    assert run.code == 0, run.log
    found = repository.artifacts / "found-1"
    assert json.loads((found / "findings.json").read_text()) == []
    assert json.loads((found / "coverage.json").read_text())
    # Hypothesis keeps what failed, so here it is empty; but it is kept.
    assert (repository.artifacts / "corpus-1").is_dir()


@pytest.mark.timeout(400)
def test_the_load_is_judged(repository: Repository) -> None:
    inputs = {"seconds": "5", "users": "4"}
    run = repository.run("load.yml", "workflow_dispatch", env=ENV, inputs=inputs)
    assert run.code == 0, run.log
    assert (repository.artifacts / "load/locust.html").stat().st_size > 0

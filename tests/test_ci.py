"""What the workflow of every change promises: all of it, in ten minutes, and nothing skipped."""

import json
import os
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[1]
JOBS: dict[str, Any] = yaml.safe_load((ROOT / ".github" / "workflows" / "ci.yml").read_text())[
    "jobs"
]
LAST = JOBS["ci"]
OTHERS = {name for name in JOBS if name != "ci"}


def end(results: dict[str, str]) -> int:
    """How the last job ends when the others have ended so."""
    needs = {name: {"result": result, "outputs": {}} for name, result in results.items()}
    return subprocess.run(
        ["bash", "-e", "-o", "pipefail", "-c", LAST["steps"][-1]["run"]],
        cwd=ROOT,
        env={**os.environ, "NEEDS": json.dumps(needs)},
        capture_output=True,
    ).returncode


def test_the_last_job_waits_for_all_others_whatever_becomes_of_them() -> None:
    assert set(LAST["needs"]) == OTHERS
    assert LAST["if"] == "${{ always() }}"
    assert LAST["name"] == "ci"  # as the branch rules name it


def test_the_last_job_passes_when_all_others_did() -> None:
    assert end(dict.fromkeys(OTHERS, "success")) == 0


@pytest.mark.parametrize("result", ["failure", "cancelled", "skipped", ""])
def test_one_job_that_did_not_succeed_is_enough(result: str) -> None:
    assert end({**dict.fromkeys(OTHERS, "success"), "unit": result}) != 0


def test_no_job_at_all_is_no_success() -> None:
    assert end({}) != 0


def test_every_job_has_ten_minutes_at_most() -> None:
    assert {name for name, job in JOBS.items() if job["timeout-minutes"] > 10} == set()


def test_nobody_waits_but_the_last_job() -> None:
    assert {name for name in OTHERS if "needs" in JOBS[name]} == set()


def test_every_supported_python_is_tested_and_one_for_coverage() -> None:
    matrix = JOBS["unit"]["strategy"]["matrix"]
    runs = {(python, target) for python in matrix["python"] for target in matrix["target"]}
    runs |= {(each["python"], each["target"]) for each in matrix["include"]}
    runs -= {(each["python"], each["target"]) for each in matrix["exclude"]}
    assert sorted(python for python, _ in runs) == ["3.11", "3.12", "3.13", "3.14"]
    assert [target for _, target in sorted(runs)].count("coverage") == 1


def test_every_service_that_is_deployed_has_its_image_built() -> None:
    targets = re.findall(
        r"^FROM \S+ AS (\S+)", (ROOT / "services" / "Dockerfile").read_text(), re.M
    )
    services = {each.name for each in (ROOT / "services").iterdir() if (each / "app.py").exists()}
    assert set(JOBS["image"]["strategy"]["matrix"]["service"]) == services - {"edge"}
    assert services <= set(targets)


def test_every_lane_of_ci_run_has_a_job() -> None:
    (lanes,) = re.findall(r"^for lane in (.+); do$", (ROOT / ".ci" / "run").read_text(), re.M)
    assert set(JOBS["lane"]["strategy"]["matrix"]["lane"]) == set(lanes.split())

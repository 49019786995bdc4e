"""The job that branch rules ask for: it passes only when every other did."""

import json
from pathlib import Path

import pytest

from tests.scripts.step import Ended, step


def passed(folder: Path, may_skip: str = "", **results: str) -> Ended:
    needs = {job: {"result": result, "outputs": {}} for job, result in results.items()}
    return step(folder, "all-passed", NEEDS=json.dumps(needs), MAY_SKIP=may_skip)


def test_all_that_passed_pass(tmp_path: Path) -> None:
    ended = passed(tmp_path, lint="success", test="success")
    assert (ended.code, ended.out) == (0, "all of 2 passed\n")
    assert "| lint | success |" in ended.summary


@pytest.mark.parametrize("result", ["failure", "cancelled", "skipped", ""])
def test_one_that_did_not_pass_fails_all(tmp_path: Path, result: str) -> None:
    ended = passed(tmp_path, lint="success", test=result)
    assert ended.code == 20
    assert ended.err.strip() == f"all-passed: test: {result}".strip()


def test_one_may_be_skipped_where_that_is_meant_and_may_not_fail(tmp_path: Path) -> None:
    assert passed(tmp_path, "review", lint="success", review="skipped").code == 0
    assert passed(tmp_path, "review", lint="skipped", review="skipped").code == 20
    assert passed(tmp_path, "review", lint="success", review="cancelled").code == 20


@pytest.mark.parametrize("needs", ["", "{}", "[]", "no", '{"a": "success"}', '{"a": {}}'])
def test_no_jobs_are_no_success(tmp_path: Path, needs: str) -> None:
    assert step(tmp_path, "all-passed", NEEDS=needs).code == 2


def test_a_name_that_no_job_has_is_an_error(tmp_path: Path) -> None:
    ended = passed(tmp_path, "reveiw", lint="success")
    assert ended.code == 2
    assert "MAY_SKIP names no job of NEEDS: reveiw" in ended.err

import json
import resource
from dataclasses import replace
from pathlib import Path

import pytest

from harness.errors import RecordsError, UsageError
from harness.model import (
    Attempt,
    Declared,
    Exchange,
    Finding,
    Judgement,
    Manifest,
    Outcome,
    Reason,
    Result,
    Step,
    Verdict,
)
from harness.records import RunDirectory, new_run_id, read

MANIFEST = Manifest(
    run_id="1",
    tool_version="0",
    environment="some",
    started_at="2026-01-01T00:00:00Z",
    declared=(Declared(id="a", service="s"),),
)
RESULT = Result(
    id="a",
    outcome=Outcome.FAIL,
    attempts=(
        Attempt(
            finding=Finding(outcome=Outcome.FAIL, message="no \ud800 \x1b[31m"),
            duration_ms=1.5,
            steps=(Step(name="one", ok=True, duration_ms=1.0),),
            exchanges=(Exchange(method="GET", url="http://a", request_headers=(("a", "b"),)),),
        ),
    ),
)
JUDGEMENT = Judgement(
    run_id="1",
    tool_version="0",
    environment="some",
    verdict=Verdict.NO_GO,
    reasons=(Reason(verdict=Verdict.NO_GO, text="no", check="a"),),
    counts={"fail": 1},
    started_at="2026-01-01T00:00:00Z",
    finished_at="2026-01-01T00:00:01Z",
    duration_ms=1000.0,
)


def test_a_run_can_be_read_back(tmp_path: Path) -> None:
    directory = RunDirectory(tmp_path / "run")
    directory.declare(MANIFEST)
    directory.append(RESULT)
    judgement, sha256 = directory.conclude(JUDGEMENT)
    record = read(tmp_path / "run")
    assert (MANIFEST, judgement, sha256) == (record.manifest, record.judgement, record.sha256)
    assert (record.results[0].id, record.results[0].outcome) == ("a", Outcome.FAIL)
    assert record.results[0].attempts[0].finding.message == "no \\ud800 \x1b[31m"
    assert {"manifest.json", "results.jsonl"} == set(judgement.evidence)


def test_results_are_there_before_the_verdict(tmp_path: Path) -> None:
    directory = RunDirectory(tmp_path / "run")
    directory.declare(MANIFEST)
    directory.append(RESULT)
    assert sorted(f.name for f in directory.path.iterdir()) == ["manifest.json", "results.jsonl"]
    assert json.loads((directory.path / "results.jsonl").read_text())["id"] == "a"


def test_a_directory_that_holds_something_is_refused(tmp_path: Path) -> None:
    (tmp_path / "verdict.json").write_text("{}")
    with pytest.raises(UsageError, match="is not empty"):
        RunDirectory(tmp_path)


def test_a_directory_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(UsageError, match=r"no run directory can be made at .*/file/run: Not a"):
        RunDirectory(tmp_path / "file" / "run")


def test_a_full_disk_is_told_and_no_half_verdict_is_left(tmp_path: Path) -> None:
    directory = RunDirectory(tmp_path / "run")
    directory.declare(MANIFEST)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (64, hard))
    try:
        with pytest.raises(RecordsError, match=r"cannot write .*verdict\.json: File too large"):
            directory.conclude(JUDGEMENT)
        with pytest.raises(RecordsError, match=r"cannot write .*results\.jsonl"):
            directory.append(RESULT)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert not (directory.path / "verdict.json").exists()


def test_a_nan_is_never_written(tmp_path: Path) -> None:
    directory = RunDirectory(tmp_path / "run")
    directory.declare(MANIFEST)
    with pytest.raises(ValueError, match="not JSON compliant"):
        directory.conclude(replace(JUDGEMENT, duration_ms=float("nan")))


@pytest.mark.parametrize(
    ("name", "content"),
    [("verdict.json", None), ("manifest.json", None), ("verdict.json", '{"verdict": "FINE"}')],
)
def test_a_run_without_a_valid_verdict_cannot_be_read(
    tmp_path: Path, name: str, content: str | None
) -> None:
    directory = RunDirectory(tmp_path / "run")
    directory.declare(MANIFEST)
    directory.conclude(JUDGEMENT)
    file = directory.path / name
    file.unlink()
    if content is not None:
        file.write_text(content)
    with pytest.raises(UsageError):
        read(directory.path)


def test_run_ids_differ() -> None:
    assert len({new_run_id() for _ in range(100)}) == 100

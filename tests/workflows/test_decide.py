"""What `decide` makes of a verdict file and of how the verifying job ended."""

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from tests.workflows.steps import ACTIONS, Step, step

DECIDE = ACTIONS / "decide/decide"


def evidence(folder: Path, **said: Any) -> str:
    """A run's files; the SHA-256 of its verdict."""
    directory = folder / "evidence"
    directory.mkdir()
    hashes = {}
    for name in ("manifest.json", "results.jsonl"):
        (directory / name).write_text(f"of {name}")
        hashes[name] = hashlib.sha256(f"of {name}".encode()).hexdigest()
    verdict = {
        "schema_version": 1,
        "release": "r2",
        "counts": {"pass": 3},
        "reasons": [{"check": "auth.login", "text": "it broke"}],
        "evidence": hashes,
        **said,
    }
    content = json.dumps(verdict).encode()
    (directory / "verdict.json").write_bytes(content)
    return hashlib.sha256(content).hexdigest()


def decide(folder: Path, result: str, sha256: str, *, rollback: str = "true") -> Step:
    env = {
        "DECIDE_DIRECTORY": str(folder / "evidence"),
        "DECIDE_RESULT": result,
        "DECIDE_RELEASE": "r2",
        "DECIDE_SHA256": sha256,
        "DECIDE_ROLLBACK": rollback,
    }
    return step(DECIDE, folder, env=env)


@pytest.mark.parametrize(
    ("verdict", "result", "decided", "roll_back"),
    [
        ("GO", "success", "GO", "false"),
        ("GO", "failure", "HOLD", "false"),
        ("GO", "cancelled", "HOLD", "false"),
        ("GO", "skipped", "HOLD", "false"),
        ("NO_GO", "success", "NO_GO", "true"),
        ("NO_GO", "failure", "NO_GO", "true"),
        # Somebody wanted it to end: nothing more is begun.
        ("NO_GO", "cancelled", "NO_GO", "false"),
        ("NO_GO", "skipped", "HOLD", "false"),
        ("HOLD", "success", "HOLD", "false"),
        ("HOLD", "failure", "HOLD", "false"),
        ("HOLD", "cancelled", "HOLD", "false"),
    ],
)
def test_every_verdict_with_every_end_of_the_job(
    tmp_path: Path, verdict: str, result: str, decided: str, roll_back: str
) -> None:
    found = decide(tmp_path, result, evidence(tmp_path, verdict=verdict))
    assert (0, decided, roll_back) == (
        found.code,
        found.outputs["verdict"],
        found.outputs["roll_back"],
    )


@pytest.mark.parametrize("result", ["success", "failure", "cancelled", "skipped"])
def test_a_missing_file_is_hold(tmp_path: Path, result: str) -> None:
    found = decide(tmp_path, result, "")
    assert found.outputs["verdict"] == "HOLD"
    assert found.outputs["roll_back"] == "false"


def test_no_rollback_unless_one_is_wanted(tmp_path: Path) -> None:
    sha256 = evidence(tmp_path, verdict="NO_GO")
    assert decide(tmp_path, "failure", sha256, rollback="").outputs["roll_back"] == "false"


@pytest.mark.parametrize(
    "said",
    [
        {"verdict": "go"},
        {"verdict": None},
        {"verdict": "GO", "schema_version": 2},
        {"verdict": "GO", "schema_version": None},
        {"verdict": "GO", "release": "r1"},
        {"verdict": "GO", "release": None},
        {"verdict": "GO", "counts": {}},
        {"verdict": "GO", "counts": {"pass": 0}},
        {"verdict": "GO", "counts": None},
        {"verdict": "GO", "evidence": {}},
        {"verdict": "GO", "evidence": None},
    ],
    ids=str,
)
def test_what_is_not_surely_go_is_hold(tmp_path: Path, said: dict[str, Any]) -> None:
    found = decide(tmp_path, "success", evidence(tmp_path, **said))
    assert (0, "HOLD") == (found.code, found.outputs["verdict"])


@pytest.mark.parametrize(
    "content",
    ["", "{", "[]", '"GO"', "null", "\x00", pytest.param("[" * 99999, id="deep")],
)
def test_what_is_no_verdict_is_hold(tmp_path: Path, content: str) -> None:
    evidence(tmp_path, verdict="GO")
    (tmp_path / "evidence/verdict.json").write_text(content)
    found = decide(tmp_path, "success", hashlib.sha256(content.encode()).hexdigest())
    assert (0, "HOLD") == (found.code, found.outputs["verdict"])
    assert "Traceback" not in found.said


@pytest.mark.parametrize("sha256", ["", "0" * 64])
@pytest.mark.parametrize(("verdict", "decided"), [("GO", "HOLD"), ("NO_GO", "NO_GO")])
def test_another_file_than_the_jobs_own_is_doubtful(
    tmp_path: Path, sha256: str, verdict: str, decided: str
) -> None:
    """A failure is still one, but nothing is changed for it."""
    evidence(tmp_path, verdict=verdict)
    found = decide(tmp_path, "success" if verdict == "GO" else "failure", sha256)
    assert found.outputs["verdict"] == decided
    assert found.outputs["roll_back"] == "false"


@pytest.mark.parametrize("name", ["manifest.json", "results.jsonl"])
def test_evidence_that_was_changed_or_lost_is_doubtful(tmp_path: Path, name: str) -> None:
    sha256 = evidence(tmp_path, verdict="GO")
    (tmp_path / "evidence" / name).write_text("of another run")
    assert decide(tmp_path, "success", sha256).outputs["verdict"] == "HOLD"
    (tmp_path / "evidence" / name).unlink()
    assert decide(tmp_path, "success", sha256).outputs["verdict"] == "HOLD"


def test_what_the_gate_did_is_told_if_it_followed_from_this_verdict(tmp_path: Path) -> None:
    sha256 = evidence(tmp_path, verdict="NO_GO")
    followed = {"action": "rolled_back_verified", "target": "r1", "verdict_sha256": sha256}
    file = tmp_path / "evidence/action.json"
    file.write_text(json.dumps(followed))
    told = decide(tmp_path, "failure", sha256).outputs
    assert ("rolled_back_verified", "r1") == (told["action"], told["rollback_target"])
    file.write_text(json.dumps(followed | {"verdict_sha256": "0" * 64}))
    assert decide(tmp_path, "failure", sha256).outputs["action"] == "blocked"


def test_an_unknown_end_of_the_job_is_refused(tmp_path: Path) -> None:
    found = decide(tmp_path, "", "")
    assert found.code == 2
    assert found.said == "DECIDE_RESULT is one of success, failure, cancelled, skipped\n"


def test_hostile_reasons_make_no_output_of_their_own(tmp_path: Path) -> None:
    text = "x\nverdict=GO\n::error::y\u202e"
    sha256 = evidence(tmp_path, verdict="HOLD", reasons=[{"check": text, "text": text}, 7])
    found = decide(tmp_path, "failure", sha256)
    assert found.outputs["verdict"] == "HOLD"
    assert "::error::y" not in found.said.splitlines()
    assert found.summary.splitlines()[0] == "## HOLD"
    assert all(line.startswith("    ") for line in found.summary.splitlines()[2:3])

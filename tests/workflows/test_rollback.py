"""rollback.yml: by hand, and believed only once a second look has ended in GO."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.workflows.act import STAND_INS, Repository, Run

BACK = {"action": "rolled_back_verified", "target": "r1", "code": 0}
GO = {"verdict": "GO", "code": 0}


def roll_back(folder: Path, **parts: Any) -> tuple[Run, list[list[str]]]:
    repository = Repository(folder / "repository")
    inputs = {"environment": "staging", "release": "r2", "to": "", "why": "logins fail"}
    event = repository.write("event.json", json.dumps({"inputs": inputs}))
    calls = folder / "calls"
    calls.touch()
    env = {
        "KEYARC_VERIFY": str(STAND_INS / "keyarc-verify"),
        "PLAY": json.dumps(parts),
        "PLAY_CALLS": str(calls),
    }
    run = repository.run("rollback.yml", "workflow_dispatch", event=event, env=env, inputs=inputs)
    return run, [json.loads(line) for line in calls.read_text().splitlines()]


def test_it_brings_back_and_looks_again(tmp_path: Path) -> None:
    run, calls = roll_back(tmp_path, rollback=BACK, smoke=GO)
    assert run.code == 0, run.log
    assert run.jobs == {"rollback": True, "verify-rollback": True, "result": True}
    evidence = ["--output", "keyarc-verify-rollback"]
    assert calls[0] == ["rollback", "--env", "staging", *evidence, "--release", "r2"]
    assert calls[1][-2:] == ["--release", "r1"]


@pytest.mark.parametrize(
    ("parts", "ran"),
    [
        ({"rollback": {"action": "held", "code": 20}}, {"rollback", "result"}),
        (
            {"rollback": {"action": "rollback_failed", "target": "r1", "code": 20}, "smoke": GO},
            {"rollback", "verify-rollback", "result"},
        ),
        (
            {"rollback": BACK, "smoke": {"verdict": "NO_GO", "code": 10}},
            {"rollback", "verify-rollback", "result"},
        ),
        ({"rollback": {"code": 1}, "smoke": GO}, {"rollback", "verify-rollback", "result"}),
    ],
    ids=["held", "failed", "not good", "crashed"],
)
def test_anything_else_is_no_success(tmp_path: Path, parts: Any, ran: set[str]) -> None:
    run, _ = roll_back(tmp_path, **parts)
    assert run.code != 0
    assert run.jobs.keys() == ran
    assert run.jobs["result"] is False

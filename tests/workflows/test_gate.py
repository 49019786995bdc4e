"""The job graph of gate.yml in every case that a verdict can end in, run by `act`.

What is judged is played by a stand-in here; test_site.py runs the same graph over a real system.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.workflows.act import STAND_INS, Repository, Run

CALLER = """
on: push
jobs:
  site:
    uses: $/.github/workflows/gate.yml
    permissions: {{contents: read, deployments: write}}
    secrets:
      VERIFY_VARIABLES: ${{{{ secrets.VERIFY_VARIABLES }}}}
    with:
      env: staging
      release: r2
      deploy: {deploy}
      rollback: {rollback}
      suites: journeys more
"""
GO = {"gate": {"verdict": "GO", "code": 0}}
NO_GO = {"gate": {"verdict": "NO_GO", "code": 10}}
BACK = {"rollback": {"action": "rolled_back_verified", "target": "r1", "code": 0}}
SEEN_AGAIN = {"smoke": {"verdict": "GO", "code": 0}}
SECRETS = {"VERIFY_VARIABLES": "SHOP_TOKEN=not-to-be-seen\nOTHER=also-hidden\n"}


@dataclass(frozen=True, slots=True)
class Played:
    run: Run
    calls: list[list[str]]

    @property
    def skipped(self) -> set[str]:
        return {"deploy", "verify", "decide", "rollback", "verify-rollback", "result"} - set(
            self.run.jobs
        )

    @property
    def said(self) -> tuple[str | None, str | None]:
        told = self.run.outputs.get("result", {})
        return told.get("verdict"), told.get("action")


def play(
    folder: Path,
    parts: Mapping[str, Any],
    *,
    deploy: str = '""',
    rollback: bool = True,
    script: str = "",
) -> Played:
    repository = Repository(folder / "repository")
    caller = CALLER.format(deploy=deploy, rollback=str(rollback).lower())
    repository.write(".github/workflows/caller.yml", caller)
    if script:
        repository.write("deploy.sh", f"#!/bin/sh\n{script}\n", executable=True)
    calls = folder / "calls"
    calls.touch()
    env = {
        "KEYARC_VERIFY": str(STAND_INS / "keyarc-verify"),
        "PLAY": json.dumps(parts),
        "PLAY_CALLS": str(calls),
    }
    run = repository.run("caller.yml", env=env, secrets=SECRETS)
    assert "not-to-be-seen" not in run.log
    return Played(run, [json.loads(line) for line in calls.read_text().splitlines()])


def test_go_stays(tmp_path: Path) -> None:
    played = play(tmp_path, GO)
    assert played.said == ("GO", "kept")
    assert played.run.code == 0
    assert played.skipped == {"rollback", "verify-rollback"}
    assert [call[0] for call in played.calls] == ["gate"]
    assert played.calls[0][1:5] == ["--env", "staging", "--output", "keyarc-verify-evidence"]
    assert played.calls[0][5:] == ["--release", "r2", "--suite", "journeys", "--suite", "more"]


def test_no_go_is_rolled_back_and_looked_at_again(tmp_path: Path) -> None:
    played = play(tmp_path, NO_GO | BACK | SEEN_AGAIN)
    assert played.said == ("NO_GO", "rolled_back_verified")
    assert played.run.code != 0
    assert played.run.jobs == {
        "deploy": True,
        "verify": False,
        "decide": True,
        "rollback": True,
        "verify-rollback": True,
        "result": False,
    }
    assert [call[0] for call in played.calls] == ["gate", "rollback", "smoke"]
    # The one that got NO_GO is left, whatever came meanwhile; and its target is looked at.
    assert played.calls[1][-2:] == ["--release", "r2"]
    assert played.calls[2][-2:] == ["--release", "r1"]
    assert "r1 was brought back and verified" in played.run.summaries["result"]


def test_no_go_without_a_rollback_changes_nothing(tmp_path: Path) -> None:
    played = play(tmp_path, NO_GO, rollback=False)
    assert played.said == ("NO_GO", "blocked")
    assert played.skipped == {"rollback", "verify-rollback"}
    assert played.run.code != 0


def test_a_held_rollback_is_told(tmp_path: Path) -> None:
    played = play(tmp_path, NO_GO | {"rollback": {"action": "held", "code": 20}})
    assert played.said == ("NO_GO", "held")
    assert played.skipped == {"verify-rollback"}
    assert played.run.code != 0


def test_a_failed_rollback_is_told_and_looked_at(tmp_path: Path) -> None:
    failed = {"rollback": {"action": "rollback_failed", "target": "r1", "code": 20}}
    played = play(tmp_path, NO_GO | failed | SEEN_AGAIN)
    assert played.said == ("NO_GO", "rollback_failed")
    assert [call[0] for call in played.calls] == ["gate", "rollback", "smoke"]


@pytest.mark.parametrize("crashed", [{"code": 1}, {"code": 139}])
def test_a_crashed_rollback_is_a_failed_one(tmp_path: Path, crashed: dict[str, Any]) -> None:
    again = {"smoke": {"verdict": "HOLD", "code": 20}}
    played = play(tmp_path, NO_GO | {"rollback": crashed} | again)
    assert played.said == ("NO_GO", "rollback_failed")


def test_a_rollback_that_a_second_look_does_not_find_good_failed(tmp_path: Path) -> None:
    played = play(tmp_path, NO_GO | BACK | {"smoke": {"verdict": "NO_GO", "code": 10}})
    assert played.said == ("NO_GO", "rollback_failed")


@pytest.mark.parametrize(
    "gate",
    [
        pytest.param({"verdict": "HOLD", "code": 20}, id="hold"),
        pytest.param({"code": 20}, id="no file"),
        pytest.param({"code": 0}, id="no file and exit code 0"),
        pytest.param({"code": 1}, id="a traceback"),
        pytest.param({"code": 137}, id="killed"),
        pytest.param({"torn": '{"verdict": "GO"', "code": 0}, id="torn"),
        pytest.param({"torn": '{"verdict": "FINE"}', "code": 0}, id="another word"),
        pytest.param({"verdict": "GO", "code": 1}, id="go in the file, another exit code"),
        pytest.param({"verdict": "GO", "release": "r0", "code": 0}, id="of another release"),
        pytest.param({"verdict": "GO", "passed": 0, "code": 0}, id="nothing passed"),
    ],
)
def test_what_is_not_surely_go_is_hold_and_changes_nothing(
    tmp_path: Path, gate: dict[str, Any]
) -> None:
    played = play(tmp_path, {"gate": gate})
    assert played.said == ("HOLD", "blocked")
    assert played.run.jobs["result"] is False
    assert played.run.code != 0
    assert [call[0] for call in played.calls] == ["gate"]


def test_a_no_go_of_another_release_brings_nothing_back(tmp_path: Path) -> None:
    played = play(tmp_path, {"gate": {"verdict": "NO_GO", "release": "r0", "code": 10}})
    assert played.said == ("NO_GO", "blocked")
    assert [call[0] for call in played.calls] == ["gate"]


def test_the_script_gets_the_release_and_the_variables(tmp_path: Path) -> None:
    script = f'echo "$@" >{tmp_path}/given; test "$SHOP_TOKEN" = not-to-be-seen'
    played = play(tmp_path, GO, deploy="deploy.sh", script=script)
    assert played.said == ("GO", "kept")
    assert (tmp_path / "given").read_text() == "--env staging --release r2\n"


def test_a_deployment_that_failed_half_way_is_looked_at(tmp_path: Path) -> None:
    played = play(tmp_path, NO_GO | BACK | SEEN_AGAIN, deploy="deploy.sh", script="exit 20")
    assert played.run.jobs["deploy"] is False
    assert played.said == ("NO_GO", "rolled_back_verified")


@pytest.mark.parametrize(
    ("deploy", "script"), [("deploy.sh", "exit 2"), ("missing.sh", "")], ids=["refused", "missing"]
)
def test_where_nothing_was_touched_nothing_is_looked_at(
    tmp_path: Path, deploy: str, script: str
) -> None:
    played = play(tmp_path, GO, deploy=deploy, script=script)
    assert played.skipped == {"verify", "rollback", "verify-rollback"}
    assert played.said == ("HOLD", "blocked")
    assert played.calls == []


def test_hostile_words_stay_words(tmp_path: Path) -> None:
    why = "</details> @everyone ::add-mask::x\n::error::y <script>alert(1)</script>\x1b[31m"
    played = play(tmp_path, {"gate": {"verdict": "HOLD", "why": why, "code": 20}})
    assert played.said == ("HOLD", "blocked")
    for line in played.run.summaries["result"].splitlines():
        assert line.startswith("    ") or line in ("", "## HOLD")
    assert not any(line.startswith("::error::y") for line in played.run.log.splitlines())

"""The last word: GO alone ends with 0."""

from pathlib import Path

import pytest

from tests.workflows.steps import ACTIONS, step

SAID = {
    "VERDICT": "GO",
    "REASON": "3 required checks passed",
    "ACTION": "kept",
    "ROLL_BACK": "false",
    "ROLLED_BACK": "",
    "TARGET": "",
    "VERIFIED_AGAIN": "skipped",
    "RELEASE": "r2",
    "ENVIRONMENT": "staging",
}
BACK = {"ROLL_BACK": "true", "TARGET": "r1"}


@pytest.mark.parametrize(
    ("said", "verdict", "action"),
    [
        ({}, "GO", "kept"),
        # What a job that was skipped says of a rollback is nothing.
        ({"ROLLED_BACK": "rolled_back_verified"}, "GO", "kept"),
        ({"VERDICT": "HOLD"}, "HOLD", "blocked"),
        ({"VERDICT": ""}, "HOLD", "blocked"),
        ({"VERDICT": "go"}, "HOLD", "blocked"),
        ({"VERDICT": "NO_GO", "ACTION": "blocked"}, "NO_GO", "blocked"),
        ({"VERDICT": "NO_GO", "ACTION": "rolled_back_verified"}, "NO_GO", "rolled_back_verified"),
        (
            BACK
            | {
                "VERDICT": "NO_GO",
                "ROLLED_BACK": "rolled_back_verified",
                "VERIFIED_AGAIN": "success",
            },
            "NO_GO",
            "rolled_back_verified",
        ),
        (
            BACK
            | {
                "VERDICT": "NO_GO",
                "ROLLED_BACK": "rolled_back_verified",
                "VERIFIED_AGAIN": "failure",
            },
            "NO_GO",
            "rollback_failed",
        ),
        (
            BACK
            | {
                "VERDICT": "NO_GO",
                "ROLLED_BACK": "rolled_back_verified",
                "VERIFIED_AGAIN": "cancelled",
            },
            "NO_GO",
            "rollback_failed",
        ),
        (BACK | {"VERDICT": "NO_GO", "ROLLED_BACK": "held"}, "NO_GO", "held"),
        (
            BACK | {"VERDICT": "NO_GO", "ROLLED_BACK": "rollback_failed"},
            "NO_GO",
            "rollback_failed",
        ),
        # Its job was cancelled, or never began.
        (BACK | {"VERDICT": "NO_GO", "ROLLED_BACK": ""}, "NO_GO", "rollback_failed"),
    ],
)
def test_the_last_word(tmp_path: Path, said: dict[str, str], verdict: str, action: str) -> None:
    found = step(ACTIONS / "conclude/conclude", tmp_path, env=SAID | said)
    assert (verdict, action) == (found.outputs["verdict"], found.outputs["action"])
    assert (found.code == 0) == (verdict == "GO")
    assert found.summary.startswith(f"## {verdict}\n\n    {verdict}: r2 in staging: ")

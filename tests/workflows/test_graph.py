"""What of gate.yml only GitHub can show is read here: what runs when somebody cancels."""

from typing import Any

import pytest
import yaml

from tests.workflows.act import PROJECT

WORKFLOWS = PROJECT / ".github/workflows"


def jobs(name: str) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((WORKFLOWS / name).read_text())["jobs"]
    return found


@pytest.mark.parametrize("job", ["decide", "result"])
def test_what_judges_runs_whatever_became_of_the_rest(job: str) -> None:
    assert jobs("gate.yml")[job]["if"] == "${{ always() }}"


@pytest.mark.parametrize("job", ["verify", "rollback", "verify-rollback"])
def test_what_acts_does_not_begin_once_it_was_cancelled(job: str) -> None:
    condition = jobs("gate.yml")[job]["if"]
    assert condition.startswith("${{ !cancelled() && ")
    assert "always()" not in condition
    assert "failure()" not in condition


def test_the_result_knows_of_every_job() -> None:
    graph = jobs("gate.yml")
    assert set(graph["result"]["needs"]) == graph.keys() - {"result"}


@pytest.mark.parametrize("name", ["gate.yml", "rollback.yml"])
def test_nothing_is_cut_off_by_the_next_release(name: str) -> None:
    workflow = yaml.safe_load((WORKFLOWS / name).read_text())
    assert workflow["concurrency"]["cancel-in-progress"] is False
    assert workflow["concurrency"]["group"].startswith("keyarc-verify-${{ inputs.environment")


def test_a_rollback_waits_for_no_approval() -> None:
    graph = jobs("gate.yml")
    assert graph["deploy"]["environment"] == "${{ inputs.environment || inputs.env }}"
    for job in ("verify", "rollback", "verify-rollback"):
        assert graph[job]["environment"].startswith("${{ inputs.gate-environment ||")
    assert jobs("deploy.yml")["production"]["with"]["gate-environment"] == "production-gate"


def test_a_rollback_by_hand_shares_its_turn_with_the_pipeline() -> None:
    """Both groups are named after it; the pipeline calls it as GitHub does."""
    for name, job in jobs("deploy.yml").items():
        if "with" in job:
            assert job["with"].get("environment", job["with"]["env"]) == name

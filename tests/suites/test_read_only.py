"""Where nothing may be written, the checks that need no user still look at KeyArc."""

from pathlib import Path

import pytest

from harness.model import Outcome, Verdict
from harness.plan import plan
from tests.suites.conftest import Users
from tests.suites.defects import DEFECTS
from tests.suites.smoking import CHECKS, READ_ONLY, asked, outcomes, smoke
from tests.suites.system import System


def test_production_is_only_looked_at(system: System, users_left: Users, tmp_path: Path) -> None:
    record = smoke(system.environment(production=True), tmp_path)
    assert outcomes(record) == dict.fromkeys(READ_ONLY, Outcome.PASS)
    excluded = {excluded.id: excluded.reason for excluded in record.manifest.excluded}
    reason = "makes data, and this environment is read-only (policy.write)"
    assert excluded == dict.fromkeys(CHECKS - READ_ONLY, reason)


def test_what_looks_signs_nobody_up_and_tries_no_login(
    system: System, users_left: Users, tmp_path: Path
) -> None:
    counts = asked(smoke(system.environment(production=True), tmp_path))
    assert "GET /config.json" in counts
    assert (counts["POST /signup"], counts["POST /login"]) == (0, 0)


@pytest.mark.parametrize("name", ["secrets without a token", "refresh takes rubbish"])
def test_what_looks_finds_defects(
    system: System, users_left: Users, tmp_path: Path, name: str
) -> None:
    planted = DEFECTS[name]
    with system.broken(planted.service, planted.defect):
        record = smoke(system.environment(production=True), tmp_path)
    failed = {id_ for id_, outcome in outcomes(record).items() if outcome is Outcome.FAIL}
    assert failed == set(planted.guilty)
    assert record.judgement.verdict is Verdict.NO_GO


def test_production_that_may_be_written_is_looked_at_in_full(system: System) -> None:
    everything = plan(system.environment(production=True, policy={"write": True}), "smoke.")
    assert {check.id for check in everything.checks} == CHECKS


def test_both_users_say_that_they_are_made(system: System) -> None:
    everything = plan(system.environment(), "smoke.")
    writing = {name for name, resource in everything.resources.items() if resource.writes}
    assert writing == {"user", "other_user"}

"""Each smoke check fails for the right reason where KeyArc is wrong, and still leaves nothing."""

from pathlib import Path

import pytest

from harness.model import Outcome, Verdict
from tests.suites.conftest import Users
from tests.suites.defects import DEFECTS
from tests.suites.smoking import CHECKS, OTHER_USER, USER, asked, journal, smoke
from tests.suites.system import System

# A 5xx is confirmed, with fresh users.
BREAKS = {"signup breaks", "signup breaks when the user is made"}


@pytest.mark.parametrize("name", DEFECTS)
def test_a_defect_fails_the_checks_that_are_about_it(
    system: System, users_left: Users, tmp_path: Path, name: str
) -> None:
    planted = DEFECTS[name]
    with system.broken(planted.service, planted.defect):
        record = smoke(system.environment(), tmp_path)
    failed = {r.id: r for r in record.results if r.outcome is Outcome.FAIL}
    assert set(failed) == set(planted.guilty)
    result = failed[planted.guilty[0]]
    assert planted.says in f"{result.message} {result.expected} {result.came}"
    assert record.judgement.verdict is Verdict.NO_GO
    made = journal(record)
    assert (made["created"] - made["removed"], len(users_left.emails())) == (planted.leaves,) * 2
    counts = asked(record)
    if name not in BREAKS:
        assert counts["POST /signup"] <= 2
        assert counts["POST /login"] <= 4


def test_every_check_is_shown_to_fail() -> None:
    guilty = {check for planted in DEFECTS.values() for check in planted.guilty}
    assert guilty == {USER, OTHER_USER, *CHECKS}

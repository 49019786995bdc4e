"""A login limit is waited for while there is time; when there is none, nothing was seen."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from harness.model import Outcome, Verdict
from services.rate_limit import RateLimit
from tests.suites import system as systems
from tests.suites.smoking import CHECKS, LOGIN, OTHER_USER, USER, asked, journal, outcomes, smoke


@contextmanager
def limited(database_url: str, attempts: int, window_s: int) -> Iterator[systems.System]:
    with systems.running(database_url, logins=RateLimit(attempts, window_s)) as system:
        yield system


def test_a_limit_that_lifts_in_time_is_waited_for(database_url: str, tmp_path: Path) -> None:
    with limited(database_url, 2, window_s=2) as system:
        record = smoke(system.environment(), tmp_path)
    assert outcomes(record) == dict.fromkeys({USER, OTHER_USER, *CHECKS}, Outcome.PASS)
    # Four that count, and those that were told to wait.
    assert asked(record)["POST /login"] > 4
    assert journal(record) == {"created": 2, "removed": 2}


def test_a_limit_that_outlasts_the_run_leaves_nothing_to_judge(
    database_url: str, tmp_path: Path
) -> None:
    with limited(database_url, 2, window_s=60) as system:
        record = smoke(system.environment(), tmp_path, timeout_s=10)
    others = {USER, OTHER_USER, *CHECKS} - {LOGIN}
    assert outcomes(record) == {LOGIN: Outcome.NO_DATA, **dict.fromkeys(others, Outcome.PASS)}
    assert record.judgement.verdict is Verdict.HOLD
    assert journal(record) == {"created": 2, "removed": 2}


def test_users_who_cannot_log_in_fail_nothing_and_are_named(
    database_url: str, tmp_path: Path
) -> None:
    with limited(database_url, 1, window_s=60) as system:
        record = smoke(system.environment(), tmp_path, timeout_s=10)
    assert Outcome.FAIL not in outcomes(record).values()
    assert Outcome.NO_DATA in {outcomes(record)[user] for user in (USER, OTHER_USER)}
    assert record.judgement.verdict is Verdict.HOLD
    # Whoever could not log in could not be deleted; the journal and the seed will do that.
    assert journal(record) == {"created": 2, "removed": 1}

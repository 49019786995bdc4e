"""Runs the smoke suite within the test process."""

import asyncio
import json
from collections import Counter
from pathlib import Path

from harness.environment import Environment
from harness.journal import JOURNAL
from harness.model import Outcome, RunRecord
from harness.plan import plan
from harness.records import RunDirectory
from harness.verification import Verification

USER, OTHER_USER = "resource.user", "resource.other_user"
NEEDS_A_TOKEN = "smoke.access.needs_a_token"
OWNERS_ALONE = "smoke.access.is_the_owners_alone"
HEADERS = "smoke.identity.is_not_taken_from_headers"
HEADERS_ALONE = "smoke.identity.is_not_taken_from_headers_without_a_token"
FORGED_TOKEN = "smoke.identity.is_not_taken_from_a_forged_token"
LOGIN = "smoke.login.does_not_tell_who_is_registered"
PAGE = "smoke.page.is_served_and_calls_these_services"
PROFILE = "smoke.profile.is_the_users_own"
SECRET = "smoke.secret.lives_until_it_is_deleted"
RENEWED = "smoke.token.is_renewed"
NOT_RENEWED = "smoke.token.is_not_renewed_for_anybody"

READ_ONLY = {NEEDS_A_TOKEN, HEADERS_ALONE, PAGE, NOT_RENEWED}
CHECKS = READ_ONLY | {OWNERS_ALONE, HEADERS, FORGED_TOKEN, LOGIN, PROFILE, SECRET, RENEWED}


def smoke(environment: Environment, directory: Path, *, timeout_s: float = 60) -> RunRecord:
    """Runs the suite's own checks, without those that are derived for any system."""
    verification = Verification(
        plan=plan(environment, "smoke."),
        environment=environment,
        directory=RunDirectory(directory / "run"),
        run_id="test",
        timeout_s=timeout_s,
    )
    return asyncio.run(verification.run())


def outcomes(record: RunRecord) -> dict[str, Outcome]:
    return {result.id: result.outcome for result in record.results}


def asked(record: RunRecord) -> Counter[str]:
    """How often each path was asked for, such as `POST /login`."""
    return Counter(
        f"{exchange.method} /{exchange.url.partition('?')[0].split('/', 3)[3]}"
        for result in record.results
        for attempt in result.attempts
        for exchange in attempt.exchanges
    )


def journal(record: RunRecord) -> Counter[str]:
    """How many things were made, and how many of them removed."""
    assert record.directory is not None
    lines = (record.directory / JOURNAL).read_text().splitlines()
    told = [json.loads(line) for line in lines]
    return Counter(each["event"] for each in told if "event" in each)

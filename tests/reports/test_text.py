"""The text report: what a person reads first, and that nothing is hidden."""

import re
from dataclasses import replace
from typing import Any

import pytest

from harness.model import (
    Action,
    Attempt,
    Consequence,
    Declared,
    Excluded,
    Finding,
    Outcome,
    Result,
    Verdict,
)
from reports import text
from tests.reports.record import record_of

FAILED = Result(
    id="health.b",
    outcome=Outcome.FAIL,
    service="b",
    promise="It is\nhealthy.",
    message="db is not healthy",
    expected="pass or warn",
    came="fail",
    curl="curl -sS -i http://b/health",
    attempts=(Attempt(finding=Finding(outcome=Outcome.FAIL), duration_ms=1.0),),
)


def test_a_go_is_the_summary_alone() -> None:
    shown = text.render(record_of(Result(id="a", outcome=Outcome.PASS)))
    assert shown.splitlines() == [
        "GO    1 of 1 checks passed in 1.50 s",
        "evidence run",
        f"sha256   {'0' * 64}  verdict.json",
    ]


def test_a_failure_tells_all_that_is_needed_to_repeat_it() -> None:
    shown = text.render(record_of(FAILED, command="keyarc-verify smoke --env some"))
    assert shown.splitlines()[:8] == [
        "FAIL     health.b",
        "         It is healthy.",
        "         db is not healthy",
        "         expected  pass or warn",
        "         came      fail",
        "         curl -sS -i http://b/health",
        "         keyarc-verify smoke --env some --only health.b",
        "",
    ]
    assert "NO_GO 0 of 1 checks passed" in shown


@pytest.mark.parametrize("changes", [{"attempts": ()}, {"id": "ready.b"}])
def test_what_smoke_does_not_know_is_not_said_to_run_again_by_it(changes: dict[str, Any]) -> None:
    """What pytest ran, and what a gate waited for."""
    result = replace(FAILED, **changes)
    shown = text.render(record_of(result, command="keyarc-verify smoke --env some"))
    assert "--only" not in shown


def test_failures_come_worst_first() -> None:
    outcomes = [Outcome.SKIPPED, Outcome.FAIL, Outcome.FLAKY, Outcome.ERROR, Outcome.NO_DATA]
    results = [Result(id=f"c.{outcome}", outcome=outcome) for outcome in outcomes]
    heads = re.findall(r"^(\w+) +c\.", text.render(record_of(*results)), re.MULTILINE)
    assert heads == ["FAIL", "ERROR", "NO_DATA", "SKIPPED", "FLAKY"]


def test_checks_that_one_resource_blocks_are_told_together() -> None:
    blocked = [
        Result(
            id=f"smoke.{n}",
            outcome=Outcome.SKIPPED,
            blocked_by="user",
            message="needs user, which could not be set up",
        )
        for n in range(7)
    ]
    shown = text.render(record_of(*blocked))
    assert shown.count("needs user") == 1
    assert "SKIPPED  7 checks: needs user, which could not be set up\n" in shown
    assert all(f"smoke.{n}" in shown for n in range(7))


def test_reasons_that_say_the_same_are_one_line() -> None:
    declared = [Declared(id=f"c.{n}") for n in range(31)]
    declared += [Declared(id="resource.user", kind="resource")]
    shown = text.render(record_of(declared=declared))
    assert "HOLD     31 checks and 1 resource did not finish\n" in shown
    assert len(shown.splitlines()) < 7


def test_a_check_that_alone_did_not_finish_is_named() -> None:
    shown = text.render(record_of(declared=[Declared(id="c.one")]))
    assert "HOLD     c.one did not finish\n" in shown


def test_a_result_that_nobody_declared_is_told_even_if_it_passed() -> None:
    ran = Result(id="c.extra", outcome=Outcome.PASS)
    shown = text.render(record_of(ran, declared=[]))
    assert "HOLD     c.extra ran, and was not declared\n" in shown


def test_what_does_not_decide_is_told_shortly() -> None:
    advisory = Declared(id="health.b", required=False, allowance="advisory: known (until 2099-1-1)")
    expired = Declared(id="a", allowance="advisory no longer: was known (until 2020-01-01)")
    excluded = [Excluded(id=f"smoke.{n}", reason="makes data") for n in range(14)]
    excluded += [Excluded(id="cors.b", reason="off: an open API")]
    record = record_of(
        FAILED,
        Result(id="a", outcome=Outcome.PASS),
        declared=[advisory, expired],
        excluded=excluded,
    )
    lines = text.render(record).splitlines()
    assert record.judgement.verdict is Verdict.GO
    assert "advisory health.b: fail: db is not healthy: fail" in lines
    assert "         advisory: known (until 2099-1-1)" in lines
    assert "expired  a: advisory no longer: was known (until 2020-01-01)" in lines
    assert "not run  14 checks: makes data" in lines
    assert "not run  cors.b: off: an open API" in lines
    assert not any(line.startswith("FAIL") for line in lines)


def test_the_release_that_was_expected_is_shown() -> None:
    shown = text.render(record_of(Result(id="a", outcome=Outcome.PASS), release="v7"))
    assert shown.startswith("release  v7 was expected\nGO ")


def test_our_words_fit_into_80_columns_and_a_servers_stay_whole() -> None:
    long = Result(id="c", outcome=Outcome.FAIL, promise="word " * 60, message="m" * 200)
    lines = text.render(record_of(long)).splitlines()
    assert all(len(line) < 80 for line in lines if "word" in line)
    assert f"         {'m' * 200}" in lines


def test_what_is_endless_is_cut_and_says_so() -> None:
    came = Result(id="c", outcome=Outcome.FAIL, came="x" * 100_000)
    assert "… and 99400 characters more" in text.render(record_of(came))
    assert len(text.render(record_of(came))) < 2000


def test_a_server_cannot_write_lines_of_its_own() -> None:
    evil = "no\nGO    9 of 9 checks passed\r\x1b[2K"
    shown = text.render(record_of(Result(id="c", outcome=Outcome.FAIL, message=evil, came=evil)))
    assert [line[:5] for line in shown.splitlines() if line.startswith("GO")] == []
    assert not {"\x1b", "\r"} & set(shown)


def test_the_summary_is_the_verdict_alone() -> None:
    assert text.summary(record_of(FAILED)) == "NO_GO 0 of 1 checks passed in 1.50 s\n"


def _followed(action: Action, *why: str, target: str | None = "r1") -> list[str]:
    """The lines of what a gate did."""
    record = record_of(Result(id="a", outcome=Outcome.PASS))
    found = Consequence(
        action=action, release="r2", why=why, target=target, verdict_sha256="0", duration_ms=2500
    )
    lines = text.render(replace(record, consequence=found)).splitlines()
    begin = next(n for n, line in enumerate(lines) if line.startswith("action"))
    return lines[begin : lines.index("evidence run")]


def test_what_followed_stands_below_the_verdict() -> None:
    assert _followed(Action.KEPT) == ["action   kept: r2 stays, and is in the ledger as good"]
    assert _followed(Action.ROLLED_BACK_VERIFIED) == [
        "action   rolled_back_verified in 2.50 s: r1 serves again, and has passed its checks"
    ]


def test_why_no_more_was_done_is_told_line_by_line() -> None:
    assert _followed(Action.HELD, "the image is gone", "`fly` ended with 1\nno such image") == [
        "action   held: nothing was changed, a rollback would not be safe",
        "         the image is gone",
        "         `fly` ended with 1",
        "         no such image",
    ]


def test_every_action_has_words() -> None:
    for action in Action:
        assert str(action) in _followed(action, target=None)[0]

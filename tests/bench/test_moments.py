"""Each moment of a rollback is dated by who knows it, and none is made up."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bench.moments import Moments, Untold, first_wrong, moments, seconds, served
from harness.model import (
    Action,
    Attempt,
    Consequence,
    Exchange,
    Finding,
    Judgement,
    Manifest,
    Outcome,
    Reason,
    Result,
    Verdict,
)
from harness.records import RunDirectory, read

IN_ORDER = {"began": 1, "wrong": 2, "decided": 3, "issued": 4, "restored": 5, "verified": 6}


def clock(second: float) -> str:
    """A time of day, so many seconds after the run began."""
    return f"2026-01-02T03:04:{second:06.3f}Z"


def at(second: float) -> float:
    return seconds(clock(second))


def exchange(id_: str, started_s: float = 0, *, shared: bool = False) -> Exchange:
    return Exchange(
        method="POST",
        url="https://localhost:1/login",
        status=200,
        response_headers=(("X-Request-Id", id_),),
        started_ms=started_s * 1000,
        shared=shared,
    )


def result(
    name: str, *exchanges: Exchange, outcome: Outcome = Outcome.FAIL, asked_s: float = 1
) -> Result:
    decisive = 0 if outcome is Outcome.FAIL else None
    finding = Finding(outcome=outcome)
    attempt = Attempt(finding=finding, decisive=decisive, duration_ms=0, exchanges=exchanges)
    started_at = clock(asked_s)
    return Result(id=name, outcome=outcome, started_at=started_at, attempts=(attempt,))


class Evidence:
    """What a gate and the services behind it have left in a folder: all is well unless changed."""

    def __init__(self, folder: Path) -> None:
        self.run, self.logs = folder / "run", folder / "logs"
        self.logs.mkdir()
        self.results = [result("login", exchange("wrong"), exchange("right"))]
        self.verdict, self.action = Verdict.NO_GO, Action.ROLLED_BACK_VERIFIED
        self.ledger = [
            {"event": "no_go", "run_id": "this", "at": clock(4)},
            {"event": "rollback_begun", "run_id": "this", "at": clock(5)},
        ]
        self.restored: float | None = at(6)
        self.log("auth", right=3.5, wrong=2)

    def log(self, service: str, **served_s: float) -> None:
        lines = [{"request_id": id_, "time": clock(second)} for id_, second in served_s.items()]
        text = "\n".join(["no JSON", '{"message": "of no request"}', "[]", *map(json.dumps, lines)])
        (self.logs / f"{service}.log").write_text(text)

    def record(self) -> Any:
        about: dict[str, Any] = {"run_id": "this", "tool_version": "1", "environment": "local"}
        directory = RunDirectory(self.run)
        directory.declare(Manifest(started_at=clock(0), declared=(), **about))
        for each in self.results:
            directory.append(each)
        directory.conclude(
            Judgement(
                verdict=self.verdict,
                reasons=(Reason(verdict=self.verdict, text="why"),),
                counts={},
                started_at=clock(0),
                finished_at=clock(3),
                duration_ms=3000,
                **about,
            )
        )
        directory.follow(Consequence(action=self.action, release="bad", finished_at=clock(7)))
        return read(self.run)

    def moments(self) -> Moments:
        self.record()
        return moments(self.run, self.ledger, self.logs, self.restored)


@pytest.fixture
def evidence(tmp_path: Path) -> Evidence:
    return Evidence(tmp_path)


def test_every_moment_comes_from_who_knows_it(evidence: Evidence) -> None:
    assert evidence.moments() == Moments(
        began=at(0), wrong=at(2), decided=at(3), issued=at(5), restored=at(6), verified=at(7)
    )


def test_of_two_wrong_answers_the_first_counts(evidence: Evidence) -> None:
    evidence.results.append(result("other", exchange("earlier")))
    evidence.log("keys", earlier=1.5)
    assert evidence.moments().wrong == at(1.5)


def test_an_answer_that_no_check_failed_after_counts_for_nothing(evidence: Evidence) -> None:
    evidence.results.append(result("other", exchange("earlier"), outcome=Outcome.PASS))
    evidence.log("keys", earlier=1.5)
    assert evidence.moments().wrong == at(2)


def test_a_failure_that_was_not_confirmed_counts_for_nothing(evidence: Evidence) -> None:
    once = result("other", exchange("earlier"))
    evidence.results.append(replace(once, outcome=Outcome.FLAKY))
    evidence.log("keys", earlier=1.5)
    assert evidence.moments().wrong == at(2)


def test_an_attempt_that_only_the_harness_failed_counts_for_nothing(evidence: Evidence) -> None:
    (failed,) = evidence.results
    finding = Finding(outcome=Outcome.ERROR)
    erred = Attempt(finding=finding, decisive=0, duration_ms=0, exchanges=(exchange("earlier"),))
    evidence.results = [replace(failed, attempts=(erred, *failed.attempts))]
    evidence.log("keys", earlier=1.5)
    assert evidence.moments().wrong == at(2)


def test_a_check_that_failed_without_asking_is_not_dated(evidence: Evidence) -> None:
    silent = Attempt(finding=Finding(outcome=Outcome.FAIL), duration_ms=0)
    evidence.results = [replace(evidence.results[0], attempts=(silent,))]
    with pytest.raises(Untold, match="no check failed after an answer"):
        evidence.moments()


def test_of_services_that_pass_a_request_on_the_last_one_dates_it(evidence: Evidence) -> None:
    evidence.log("gateway", wrong=2.5)
    evidence.log("account", wrong=1.5)
    assert served(evidence.logs)["wrong"] == at(1.5)


def test_an_answer_that_no_service_noted_is_not_dated(evidence: Evidence) -> None:
    evidence.log("auth", right=2)
    with pytest.raises(Untold, match="no service noted when it answered POST"):
        evidence.moments()


def test_an_answer_from_before_its_request_is_not_believed(evidence: Evidence) -> None:
    evidence.results = [result("login", exchange("wrong", started_s=1.5))]
    with pytest.raises(Untold, match=r"answered 0\.499 s before it was asked"):
        evidence.moments()


def test_another_checks_answer_may_be_older_than_the_check(evidence: Evidence) -> None:
    evidence.results = [result("login", exchange("wrong", shared=True), asked_s=2.5)]
    assert first_wrong(evidence.record(), served(evidence.logs)) == at(2)


def test_a_run_without_a_failure_has_no_wrong_answer(evidence: Evidence) -> None:
    evidence.results = [result("login", outcome=Outcome.PASS)]
    with pytest.raises(Untold, match="no check failed after an answer"):
        evidence.moments()


@pytest.mark.parametrize("verdict", [Verdict.GO, Verdict.HOLD])
def test_no_other_verdict_gives_figures(evidence: Evidence, verdict: Verdict) -> None:
    evidence.verdict = verdict
    with pytest.raises(Untold, match=f"the verdict is {verdict}"):
        evidence.moments()


@pytest.mark.parametrize("action", [Action.HELD, Action.BLOCKED, Action.ROLLBACK_FAILED])
def test_no_other_action_gives_figures(evidence: Evidence, action: Action) -> None:
    evidence.action = action
    with pytest.raises(Untold, match=f"the action is {action}"):
        evidence.moments()


def test_a_run_that_was_not_finished_gives_no_figures(evidence: Evidence) -> None:
    evidence.record()
    (evidence.run / "verdict.json").unlink()
    with pytest.raises(Untold, match="no finished run"):
        moments(evidence.run, evidence.ledger, evidence.logs, evidence.restored)


def test_a_rollback_of_another_run_is_not_taken_for_this_ones(evidence: Evidence) -> None:
    evidence.ledger[1]["run_id"] = "another"
    with pytest.raises(Untold, match="0 rollbacks of this run"):
        evidence.moments()


def test_a_good_release_that_nobody_saw_was_not_restored(evidence: Evidence) -> None:
    evidence.restored = None
    with pytest.raises(Untold, match="nobody saw"):
        evidence.moments()


@pytest.mark.parametrize("early", [name for name in IN_ORDER if name != "began"])
def test_moments_that_are_not_in_order_are_not_believed(early: str) -> None:
    with pytest.raises(Untold, match=f"^{early} is "):
        Moments(**{**IN_ORDER, early: IN_ORDER[early] - 1.5})


def test_a_time_without_a_zone_is_none() -> None:
    with pytest.raises(ValueError, match="could be anywhere"):
        seconds("2026-01-02T03:04:05")

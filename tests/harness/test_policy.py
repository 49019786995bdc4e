"""What an environment's policy and its `checks` do to the plan and to the verdict."""

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from harness.check import check, resource
from harness.environment import Environment
from harness.errors import ContractViolation, UsageError
from harness.model import RunRecord, Verdict
from harness.plan import Plan, plan, plan_of
from harness.records import RunDirectory
from harness.verification import Verification
from tests.harness.verifying import checks_of, resources_of

TODAY = date(2026, 6, 1)
WHY = "the header comes with release 7"


@resource(writes=True)
async def account() -> AsyncIterator[int]:
    """Something that is made."""
    yield 1


@resource
async def derived(account: int) -> int:
    """Something that is made of it."""
    return account


@check(service="a")
async def reads() -> None:
    """Looks only."""


@check(service="a", writes=True)
async def writes() -> None:
    """Makes something."""


@check(service="a")
async def uses(derived: int) -> None:
    """Uses what has been made."""


@check(service="a")
async def fails() -> None:
    """Finds something."""
    raise ContractViolation("it is wrong")


EVERY = (reads, writes, uses, fails)


def environment(**declared: Any) -> Environment:
    services = {"a": {"url": "http://127.0.0.1:9"}}
    return Environment.model_validate({"name": "test", "services": services, **declared})


def planned(*functions: Callable[..., Any], **declared: Any) -> Plan:
    return plan_of(
        environment(**declared),
        checks_of(*(functions or EVERY)),
        resources=resources_of(account, derived),
        today=TODAY,
    )


def ids(plan: Plan) -> list[str]:
    return [check.id for check in plan.checks]


@pytest.mark.parametrize(
    "declared", [{"policy": {"write": False}}, {"production": True}, {"name": "prod"}]
)
def test_checks_that_write_leave_where_writing_is_forbidden(declared: dict[str, Any]) -> None:
    plan = planned(**declared)
    assert ids(plan) == ["reads", "fails"]
    assert [excluded.id for excluded in plan.excluded] == ["writes", "uses"]
    assert all("read-only" in excluded.reason for excluded in plan.excluded)
    assert "resource.account" not in {declared.id for declared in plan.declared}


@pytest.mark.parametrize(
    "declared", [{}, {"production": True, "policy": {"write": True}}, {"name": "staging"}]
)
def test_checks_that_write_stay_where_writing_is_allowed(declared: dict[str, Any]) -> None:
    assert ids(planned(**declared)) == ["reads", "writes", "uses", "fails"]


def test_what_is_off_does_not_run_and_says_why() -> None:
    plan = planned(checks={"fa*": {"off": WHY}})
    assert "fails" not in ids(plan)
    assert [(e.id, e.reason) for e in plan.excluded] == [("fails", f"off: {WHY}")]


def test_an_entry_for_one_check_comes_before_a_pattern() -> None:
    until = {"until": "2026-07-01"}
    entries = {"*": {"off": WHY}, "reads": {"advisory": WHY, **until}}
    plan = planned(checks=entries)
    assert ids(plan) == ["reads"]
    assert not plan.declared[0].required


@pytest.mark.parametrize(("until", "holds"), [("2026-06-01", True), ("2026-05-31", False)])
def test_an_allowance_holds_to_its_last_day_in(until: str, holds: bool) -> None:
    plan = planned(fails, checks={"fails": {"advisory": WHY, "until": until}})
    [declared] = plan.declared
    assert declared.required is not holds
    assert f"(until {until})" in declared.allowance
    assert ("no longer" in declared.allowance) is not holds
    off = planned(fails, checks={"fails": {"off": WHY, "until": until}})
    assert ids(off) == ([] if holds else ["fails"])


def test_an_entry_that_is_about_no_check_is_an_error() -> None:
    with pytest.raises(UsageError, match=r"checks: fials: no check has this id; there are: "):
        plan(environment(checks={"fials": {"off": WHY}}))


def run(folder: Path, *functions: Callable[..., Any], **declared: Any) -> RunRecord:
    verification = Verification(
        plan=planned(*functions, **declared),
        environment=environment(**declared),
        directory=RunDirectory(folder / "run"),
        run_id="test",
    )
    return asyncio.run(verification.run())


def test_an_advisory_failure_is_shown_and_does_not_count(tmp_path: Path) -> None:
    entries = {"fails": {"advisory": WHY, "until": "2026-07-01"}}
    record = run(tmp_path, reads, fails, checks=entries)
    assert record.judgement.verdict is Verdict.GO
    assert {result.id: str(result.outcome) for result in record.results}["fails"] == "fail"


def test_an_expired_allowance_covers_no_failure(tmp_path: Path) -> None:
    entries = {"fails": {"advisory": WHY, "until": "2026-05-01"}}
    assert run(tmp_path, reads, fails, checks=entries).judgement.verdict is Verdict.NO_GO


def test_nothing_but_advisory_checks_is_never_go(tmp_path: Path) -> None:
    entries = {"reads": {"advisory": WHY, "until": "2026-07-01"}}
    assert run(tmp_path, reads, checks=entries).judgement.verdict is Verdict.HOLD


def test_nothing_but_exclusions_is_never_go(tmp_path: Path) -> None:
    assert run(tmp_path, writes, policy={"write": False}).judgement.verdict is Verdict.HOLD


@pytest.mark.parametrize(("least", "verdict"), [(2, Verdict.GO), (3, Verdict.HOLD)])
def test_a_suite_that_shrinks_is_seen(tmp_path: Path, least: int, verdict: Verdict) -> None:
    required = {"at_least": {"reads": 1, "writes": least - 1}}
    record = run(tmp_path, reads, writes, required=required)
    assert record.judgement.verdict is verdict
    if verdict is Verdict.HOLD:
        texts = [reason.text for reason in record.judgement.reasons]
        assert texts == ["1 checks of writes are required here, of at least 2"]


def test_an_advisory_check_does_not_count_for_its_suite(tmp_path: Path) -> None:
    entries = {"writes": {"advisory": WHY, "until": "2026-07-01"}}
    required = {"at_least": {"writes": 1}}
    record = run(tmp_path, reads, writes, checks=entries, required=required)
    assert record.judgement.verdict is Verdict.HOLD


def test_the_manifest_keeps_what_was_left_out_and_why(tmp_path: Path) -> None:
    record = run(tmp_path, reads, writes, policy={"write": False})
    assert [excluded.id for excluded in record.manifest.excluded] == ["writes"]

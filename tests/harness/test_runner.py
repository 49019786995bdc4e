import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest

from harness.attempt import Limits, attempt
from harness.check import check, resource, step
from harness.errors import ContractViolation, NoData
from harness.journal import Journal
from harness.model import Outcome, RunRecord, Verdict
from harness.target import Target
from tests.harness.server import Answer, Handler, serving
from tests.harness.verifying import FAST, checks_of, environment, only, outcomes, verified

Function = Callable[..., Any]


def answers(*queue: Answer) -> Handler:
    left = list(queue)
    return lambda seen: left.pop(0) if len(left) > 1 else left[0]


def run(
    tmp_path: Path, handler: Handler, checks: list[Function], *resources: Function, **options: Any
) -> RunRecord:
    """Runs checks against a server that answers by `handler`."""

    async def inside() -> RunRecord:
        async with serving(handler) as server:
            where = environment({"a": server.url})
            return await verified(
                where, checks_of(*checks), tmp_path / "run", *resources, **options
            )

    return asyncio.run(inside())


OK = answers(Answer())


@check(service="a")
async def posts(target: Target) -> None:
    """Something can be made."""
    await target.post("/things", expect=201)


def test_a_check_that_passes_makes_a_go(tmp_path: Path) -> None:
    record = run(tmp_path, answers(Answer(status=201)), [posts])
    assert (record.judgement.verdict, record.judgement.reasons) == (Verdict.GO, ())


def test_a_failed_write_is_confirmed_by_the_whole_check_again(tmp_path: Path) -> None:
    record = run(tmp_path, answers(Answer(status=500)), [posts])
    assert (only(record).outcome, len(only(record).attempts)) == (Outcome.FAIL, 2)


def test_a_failed_write_that_never_comes_back_is_flaky(tmp_path: Path) -> None:
    record = run(tmp_path, answers(Answer(status=500), Answer(status=201)), [posts])
    assert (only(record).outcome, len(only(record).attempts)) == (Outcome.FLAKY, 6)
    assert record.judgement.verdict is Verdict.HOLD


def test_a_wrong_status_is_never_tried_again(tmp_path: Path) -> None:
    record = run(tmp_path, answers(Answer(status=200), Answer(status=201)), [posts])
    assert (only(record).outcome, len(only(record).attempts)) == (Outcome.FAIL, 1)


def test_a_failure_keeps_what_repeats_it(tmp_path: Path) -> None:
    result = only(run(tmp_path, answers(Answer(status=200)), [posts]))
    assert (result.expected, result.came) == ("status 201", "200")
    assert result.curl.startswith("curl -sS -i -X POST http://127.0.0.1:")


def test_steps_and_their_requests_are_kept(tmp_path: Path) -> None:
    @check(service="a")
    async def two_steps(target: Target) -> None:
        """Two steps."""
        with step("create"):
            await target.get("/1")
        with step("delete"):
            await target.get("/2", expect=404)

    [one] = only(run(tmp_path, OK, [two_steps])).attempts
    assert [(s.name, s.ok) for s in one.steps] == [("create", True), ("delete", False)]
    assert [exchange.step for exchange in one.exchanges] == ["create", "delete"]


def test_each_check_keeps_its_own_evidence(tmp_path: Path) -> None:
    @check(service="a")
    async def first(target: Target) -> None:
        """First."""
        await asyncio.gather(target.get("/first"), target.get("/first"))

    @check(service="a")
    async def second(target: Target) -> None:
        """Second."""
        await target.get("/second")

    record = run(tmp_path, OK, [first, second])
    paths = {
        result.id: [e.url.rpartition("/")[2] for e in result.attempts[0].exchanges]
        for result in record.results
    }
    assert paths == {"first": ["first", "first"], "second": ["second"]}


@pytest.mark.parametrize(
    ("error", "outcome", "verdict"),
    [
        (ContractViolation("no"), Outcome.FAIL, Verdict.NO_GO),
        (NoData("429"), Outcome.NO_DATA, Verdict.HOLD),
        (KeyError("x"), Outcome.ERROR, Verdict.HOLD),
        (SystemExit(0), Outcome.ERROR, Verdict.HOLD),
        (asyncio.CancelledError(), Outcome.ERROR, Verdict.HOLD),
    ],
)
def test_whatever_a_check_raises_is_an_outcome(
    tmp_path: Path, error: BaseException, outcome: Outcome, verdict: Verdict
) -> None:
    @check(service="a")
    async def raises() -> None:
        """Raises."""
        raise error

    record = run(tmp_path, OK, [raises])
    assert (outcome, verdict) == (only(record).outcome, record.judgement.verdict)


def test_a_service_down_on_this_machine_is_a_failure(tmp_path: Path) -> None:
    where = environment({"a": "http://127.0.0.1:9"})
    record = asyncio.run(verified(where, checks_of(posts), tmp_path / "run"))
    assert Outcome.FAIL is only(record).outcome


@pytest.mark.parametrize("another_answers", [True, False])
def test_silence_elsewhere_is_judged_by_who_else_answered(
    tmp_path: Path, another_answers: bool
) -> None:
    @check(service="near")
    async def near(target: Target) -> None:
        """Near."""
        await asyncio.sleep(0.2)
        await target.get("/x")

    async def inside() -> RunRecord:
        async with serving(OK) as server:
            # Nothing resolves under .invalid (RFC 6761), and it is asked before the other one.
            where = environment({"a": "http://far.invalid", "near": server.url})
            checks = checks_of(posts, near) if another_answers else checks_of(posts)
            return await verified(where, checks, tmp_path / "run")

    expected = Outcome.FAIL if another_answers else Outcome.ERROR
    assert expected is outcomes(asyncio.run(inside()))["posts"]


@resource
async def thing(targets: dict[str, Target], journal: Journal) -> AsyncIterator[int]:
    """A thing that is made."""
    journal.created("thing", "1")
    response = await targets["a"].post("/things", expect=201)
    yield response.status_code
    await targets["a"].delete("/things/1", expect=201)
    journal.removed("thing", "1")


@check(service="a")
async def uses(thing: int) -> None:
    """A thing was made."""
    assert thing == 201


@check(service="a")
async def uses_too(thing: int) -> None:
    """A thing was made."""
    raise ContractViolation("it is the wrong one")


def test_a_resource_is_made_once_and_removed_also_after_a_failure(tmp_path: Path) -> None:
    methods: list[str] = []

    def handler(seen: Any) -> Answer:
        methods.append(seen.method)
        return Answer(status=201)

    record = run(tmp_path, handler, [uses, uses_too], thing)
    assert methods == ["POST", "DELETE"]
    assert Outcome.PASS is outcomes(record)["resource.thing"]
    _, *lines = (tmp_path / "run" / "journal.jsonl").read_text().splitlines()
    assert [line.split(",")[0] for line in lines] == ['{"event": "created"', '{"event": "removed"']


def test_a_resource_that_failed_skips_its_checks_and_is_no_go(tmp_path: Path) -> None:
    record = run(tmp_path, answers(Answer(status=409)), [uses, uses_too], thing)
    expected = {
        "resource.thing": Outcome.FAIL,
        "uses": Outcome.SKIPPED,
        "uses_too": Outcome.SKIPPED,
    }
    assert expected == outcomes(record)
    assert {"thing", None} == {result.blocked_by for result in record.results}
    assert record.judgement.verdict is Verdict.NO_GO


def test_a_resource_that_erred_makes_errors(tmp_path: Path) -> None:
    @resource
    async def thing() -> int:
        """Breaks."""
        raise KeyError("x")

    record = run(tmp_path, OK, [uses], thing)
    assert {Outcome.ERROR} == set(outcomes(record).values())
    assert record.judgement.verdict is Verdict.HOLD


def test_a_resource_that_is_not_removed_is_no_go(tmp_path: Path) -> None:
    record = run(tmp_path, answers(Answer(status=201), Answer(status=404)), [uses], thing)
    assert Outcome.FAIL is outcomes(record)["resource.thing"]
    assert record.judgement.verdict is Verdict.NO_GO


def test_a_resource_that_failed_once_is_flaky(tmp_path: Path) -> None:
    record = run(tmp_path, answers(Answer(status=500), Answer(status=201)), [uses], thing)
    assert outcomes(record) == {"resource.thing": Outcome.FLAKY, "uses": Outcome.PASS}


def test_resources_are_removed_last_in_first_out_each_in_its_own_task(tmp_path: Path) -> None:
    order: list[tuple[str, bool]] = []

    @resource
    async def below() -> AsyncIterator[str]:
        """Made first."""
        task = asyncio.current_task()
        yield "below"
        order.append(("below", task is asyncio.current_task()))

    @resource
    async def above(below: str) -> AsyncIterator[str]:
        """Needs the other."""
        task = asyncio.current_task()
        yield f"above {below}"
        order.append(("above", task is asyncio.current_task()))

    @check(service="a")
    async def needs_both(above: str, below: str) -> None:
        """Needs both."""
        assert above == "above below"

    run(tmp_path, OK, [needs_both], below, above)
    assert order == [("above", True), ("below", True)]


def test_cleanup_runs_after_a_failure_and_may_fail_itself(tmp_path: Path) -> None:
    @check(service="a")
    async def leaves(target: Target, cleanup: AsyncExitStack) -> None:
        """Leaves something."""
        cleanup.push_async_callback(target.delete, "/things/1", expect=204)

    result = only(run(tmp_path, answers(Answer(status=404)), [leaves]))
    assert (result.outcome, result.expected) == (Outcome.FAIL, "status 204")


def test_a_run_that_takes_too_long_holds(tmp_path: Path) -> None:
    @check(service="a")
    async def waits(cleanup: AsyncExitStack) -> None:
        """Waits."""
        await asyncio.Event().wait()

    record = run(tmp_path, OK, [waits], timeout_s=0.2)
    reasons = {reason.text for reason in record.judgement.reasons}
    assert {"not over after 0.2 s", "did not finish"} == reasons
    assert record.judgement.verdict is Verdict.HOLD


def ended(work: Any, limits: Limits = FAST) -> Any:
    return asyncio.run(attempt(work, limits)).finding(set())


def test_a_check_that_dawdles_is_an_error() -> None:
    async def work(cleanup: AsyncExitStack) -> None:
        await asyncio.Event().wait()

    assert Outcome.ERROR is ended(work).outcome


def test_a_check_that_goes_on_after_its_time_does_not_pass() -> None:
    async def work(cleanup: AsyncExitStack) -> None:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            return

    assert Outcome.ERROR is ended(work).outcome


def test_a_check_that_waits_for_the_system_is_its_failure(tmp_path: Path) -> None:
    async def inside() -> Any:
        async with serving(answers(Answer(hang=True))) as server:
            from harness.exchange import EvidenceClient

            client = EvidenceClient()
            target = Target("a", environment({"a": server.url}).services["a"], client)

            async def work(cleanup: AsyncExitStack) -> None:
                await target.get("/x")

            over = await attempt(work, FAST)
            await client.close()
            return over.finding(set())

    assert Outcome.FAIL is asyncio.run(inside()).outcome


def test_cleanup_has_time_of_its_own_after_the_check_has_used_its_own_up() -> None:
    done: list[str] = []

    async def tidy() -> None:
        await asyncio.sleep(0.05)
        done.append("tidy")

    async def work(cleanup: AsyncExitStack) -> None:
        cleanup.push_async_callback(tidy)
        await asyncio.Event().wait()

    assert Outcome.ERROR is ended(work).outcome
    assert done == ["tidy"]


def test_a_cleanup_that_hangs_is_an_error() -> None:
    async def work(cleanup: AsyncExitStack) -> None:
        cleanup.push_async_callback(asyncio.Event().wait)

    finding = ended(work)
    assert (
        finding.outcome,
        finding.message,
    ) == (Outcome.ERROR, "cleanup took more than 0.2 s")


def test_a_hanging_cleanup_does_not_mask_a_failure() -> None:
    async def work(cleanup: AsyncExitStack) -> None:
        cleanup.push_async_callback(asyncio.Event().wait)
        raise ContractViolation("wrong")

    assert Outcome.FAIL is ended(work).outcome


def test_evidence_that_cannot_be_written_holds(tmp_path: Path) -> None:
    @check(service="a")
    async def removes_the_evidence() -> None:
        """Takes the directory away while the run is on."""
        import shutil

        shutil.rmtree(tmp_path / "run")

    record = run(tmp_path, OK, [removes_the_evidence])
    assert (record.judgement.verdict, record.sha256) == (Verdict.HOLD, "")
    assert any("cannot write" in reason.text for reason in record.judgement.reasons)


def test_a_hundred_checks_run_together(tmp_path: Path) -> None:
    from dataclasses import replace

    [one] = checks_of(posts)
    many = [replace(one, id=f"posts.{number}") for number in range(100)]

    async def inside() -> RunRecord:
        async with serving(answers(Answer(status=201))) as server:
            return await verified(environment({"a": server.url}), many, tmp_path / "run")

    assert Verdict.GO is asyncio.run(inside()).judgement.verdict

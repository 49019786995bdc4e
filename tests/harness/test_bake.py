"""The bake: what fails in it ends it, and what is odd in it is no GO."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from harness.bake import Bake
from harness.check import Check
from harness.errors import NoData
from harness.model import Action, Outcome, RunRecord, Verdict
from harness.records import read
from harness.target import Target
from tests.harness.gating import Story, in_story


def baked(
    tmp_path: Path,
    work: Callable[[int], Any],
    *,
    rounds: int = 3,
    every_s: float = 0.05,
    limit: int = 3,
) -> RunRecord:
    """A run whose check of its own does this each time it is run, the first time being 1."""

    async def act(story: Story) -> RunRecord:
        times = 0

        async def works(target: Target) -> None:
            """It works each time."""
            nonlocal times
            times += 1
            work(times)

        story.checks = [Check(id="again", service="auth", function=works)]
        gate = story.gate("r1")
        bake = Bake(window_s=0.05 * rounds + 0.01, every_s=every_s, limit=limit)
        run = gate.verification
        run.phases = (*run.phases, bake)
        run.plan = replace(run.plan, declared=(*run.plan.declared, *bake.declared))
        return await gate.run()

    record: RunRecord = in_story(tmp_path, act)
    return record


def of_bake(record: RunRecord) -> tuple[Outcome, str]:
    [found] = [(r.outcome, r.message) for r in record.results if r.id == "bake"]
    return found


def fail_at(time: int, error: Exception) -> Callable[[int], None]:
    def work(now: int) -> None:
        if now == time:
            raise error

    return work


def test_rounds_without_a_failure_are_go(tmp_path: Path) -> None:
    record = baked(tmp_path, lambda time: None)
    assert record.judgement.verdict is Verdict.GO
    outcome, message = of_bake(record)
    assert outcome is Outcome.PASS
    assert "round" in message


def test_every_round_is_kept_and_each_check_is_counted_once(tmp_path: Path) -> None:
    record = baked(tmp_path, lambda time: None)
    lines = (tmp_path / "run-1" / "results.jsonl").read_text().splitlines()
    rounds = [json.loads(line)["round"] for line in lines if '"id": "again"' in line]
    assert rounds == list(range(len(rounds)))
    assert len(rounds) >= 2
    assert sum(result.id == "again" for result in record.results) == 1
    ids = [result.id for result in record.results]
    assert [result.id for result in read(tmp_path / "run-1").results] == ids
    assert record.judgement.counts["pass"] == len(record.manifest.declared)


def test_a_failure_in_a_later_round_is_no_go_at_once(tmp_path: Path) -> None:
    record = baked(tmp_path, fail_at(2, AssertionError("it broke")), rounds=1000)
    assert record.judgement.verdict is Verdict.NO_GO
    assert record.consequence is not None
    assert record.consequence.action is Action.HELD


def test_what_is_no_pass_in_one_round_is_hold(tmp_path: Path) -> None:
    record = baked(tmp_path, fail_at(2, NoData("nothing to see")))
    assert record.judgement.verdict is Verdict.HOLD
    assert of_bake(record)[0] is Outcome.PASS


def test_enough_that_was_no_pass_ends_it(tmp_path: Path) -> None:
    def work(time: int) -> None:
        if time > 1:
            raise NoData("nothing to see")

    record = baked(tmp_path, work, rounds=1000, limit=2)
    assert record.judgement.verdict is Verdict.HOLD
    assert of_bake(record) == (Outcome.NO_DATA, "3 results were no pass, in 3 rounds")


def test_a_short_window_has_one_round_at_its_end(tmp_path: Path) -> None:
    record = baked(tmp_path, lambda time: None, rounds=1, every_s=60.0)
    assert record.judgement.verdict is Verdict.GO
    assert of_bake(record) == (Outcome.PASS, "1 round")


def test_each_round_asks_anew_what_several_checks_read(tmp_path: Path) -> None:
    """An answer of the first round says nothing about the second."""

    async def act(story: Story) -> RunRecord:
        async def is_well(target: Target) -> None:
            """It is well."""
            await target.get("/health", expect=200, shared=True)
            story.down = True

        story.checks = [Check(id="again", service="auth", function=is_well)]
        gate = story.gate("r1", roll_back=False)
        bake = Bake(window_s=5.0, every_s=0.05, limit=3)
        gate.verification.phases = (*gate.verification.phases, bake)
        return await gate.run()

    assert in_story(tmp_path, act).judgement.verdict is Verdict.NO_GO

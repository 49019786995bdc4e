"""The gate: its verdict is noted, acted on, and never GO where a step is missing."""

import asyncio
import itertools
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from harness.check import Check, resource
from harness.deployment import Artifact, Database
from harness.environment import DatabaseLook
from harness.errors import UsageError
from harness.ledger import Event
from harness.model import Action, RunRecord, Verdict
from harness.records import read
from tests.harness.gating import Story, artifact, in_story, vector


def ended(record: RunRecord) -> tuple[Verdict, Action]:
    assert record.consequence is not None
    return record.judgement.verdict, record.consequence.action


def why(record: RunRecord) -> str:
    assert record.consequence is not None
    return "; ".join(record.consequence.why)


def test_a_good_release_is_kept_and_noted_with_its_vector(tmp_path: Path) -> None:
    async def act(story: Story) -> None:
        record = await story.run("r1")
        assert ended(record) == (Verdict.GO, Action.KEPT)
        [entry] = story.ledger.kept
        assert (entry.event, entry.release, entry.vector) == (Event.GO, "r1", vector("r1"))
        assert entry.evidence == record.sha256 != ""

    in_story(tmp_path, act)


def test_the_ledger_keeps_the_revision_of_the_database(tmp_path: Path) -> None:
    look = {"command": {"run": ["python", "-c", 'print(\'{"revision": "7"}\')']}}

    async def act(story: Story) -> None:
        await story.run("r1")
        assert story.ledger.kept[0].database == Database(revision="7")

    in_story(tmp_path, act, database=DatabaseLook.model_validate(look))


def test_a_database_that_cannot_be_told_is_no_go_for_no_release(tmp_path: Path) -> None:
    look = {"command": {"run": ["python", "-c", "print('rubbish')"]}}

    async def act(story: Story) -> None:
        record = await story.run("r1")
        assert ended(record) == (Verdict.HOLD, Action.BLOCKED)
        assert story.ledger.events() == []

    in_story(tmp_path, act, database=DatabaseLook.model_validate(look))


def test_a_confirmed_failure_waits_for_no_other_check_and_no_cleanup(tmp_path: Path) -> None:
    async def act(story: Story) -> None:
        story.ledger.good("r0")
        story.bad.add("r1")
        asked = asyncio.Event()
        story.platform.on_asked = asked.set
        removed = []

        @resource
        async def thing() -> AsyncIterator[str]:
            """Something that is removed when the rollback has been asked for, and no sooner."""
            yield "thing"
            await asyncio.wait_for(asked.wait(), 4)
            removed.append("thing")

        async def slow(thing: str) -> None:
            """It takes as long as the rollback does not begin."""
            await asyncio.wait_for(asked.wait(), 8)

        story.checks = [Check(id="slow", service="auth", function=slow)]
        story.resources = [thing]
        gate = story.gate("r1")
        record = await gate.run()
        assert ended(record)[0] is Verdict.NO_GO
        assert story.platform.asked != []
        texts = {reason.check: reason.text for reason in record.judgement.reasons}
        assert texts["slow"] == "not awaited: the verdict was known"
        assert removed[0] == "thing"

    in_story(tmp_path, act)


def test_a_bad_release_is_rolled_back_and_what_serves_is_verified(tmp_path: Path) -> None:
    async def act(story: Story) -> None:
        assert ended(await story.run("r1")) == (Verdict.GO, Action.KEPT)
        story.bad.add("r2")
        story.platform.deploy("r2")
        record = await story.run("r2")
        assert ended(record) == (Verdict.NO_GO, Action.ROLLED_BACK_VERIFIED)
        assert record.consequence is not None
        assert record.consequence.target == "r1"
        assert (await story.platform.identify()).vector == vector("r1")
        assert story.ledger.events() == [
            "go r1",
            "no_go r2",
            "rollback_begun r2",
            "rollback_ended r2",
        ]
        assert read(tmp_path / "run-2" / "rollback").judgement.verdict is Verdict.GO
        assert story.ledger.kept[1].why == "release.works: it does not work"

    in_story(tmp_path, act)


def test_what_followed_is_written_beside_the_verdict(tmp_path: Path) -> None:
    async def act(story: Story) -> None:
        story.bad.add("r1")
        record = await story.run("r1")
        written = json.loads((tmp_path / "run-1" / "action.json").read_text())
        assert (written["action"], written["verdict_sha256"]) == ("held", record.sha256)
        found = read(tmp_path / "run-1").consequence
        assert found is not None
        assert (found.action, found.why) == (Action.HELD, tuple(written["why"]))

    in_story(tmp_path, act)


def test_without_a_release_that_earned_go_a_rollback_is_held(tmp_path: Path) -> None:
    async def act(story: Story) -> None:
        story.bad.add("r1")
        record = await story.run("r1")
        assert ended(record) == (Verdict.NO_GO, Action.HELD)
        assert record.judgement.verdict.exit_code == 10
        assert "no release with a GO" in why(record)
        assert story.platform.asked == []

    in_story(tmp_path, act)


def test_nothing_is_rolled_back_unless_asked_for(tmp_path: Path) -> None:
    async def act(story: Story) -> None:
        story.ledger.good("r0")
        story.bad.add("r1")
        record = await story.run("r1", roll_back=False)
        assert ended(record) == (Verdict.NO_GO, Action.BLOCKED)
        assert story.platform.asked == []

    in_story(tmp_path, act)


def test_hold_changes_nothing_and_earns_nothing(tmp_path: Path) -> None:
    async def act(story: Story) -> None:
        story.ledger.good("r0")
        story.platform.unreachable = True
        record = await story.run("r1")
        assert ended(record) == (Verdict.HOLD, Action.BLOCKED)
        assert story.ledger.events() == ["go r0"]
        assert story.platform.asked == []

    in_story(tmp_path, act)


@pytest.mark.parametrize("others", [True, False])
def test_a_release_that_never_comes_is_no_go_and_nothing_that_works_is_left(
    tmp_path: Path, others: bool
) -> None:
    """A mistyped release must not take away the one that serves."""

    async def act(story: Story) -> None:
        if others:
            story.ledger.good("r0")
        story.ledger.good("r1")
        record = await story.run("r99")
        assert ended(record) == (Verdict.NO_GO, Action.HELD)
        assert "r99 is not what runs: r1 is" in why(record)
        assert story.platform.asked == []

    in_story(tmp_path, act)


def test_a_release_that_comes_late_is_waited_for(tmp_path: Path) -> None:
    async def act(story: Story) -> None:
        gate = story.gate("r2")
        gate.verification.phases = story.verification("r2", tmp_path / "x", ready_s=20.0).phases
        asked = itertools.count()

        def on_health() -> None:
            if next(asked) == 5:
                story.platform.deploy("r2")

        story.on_health = on_health
        assert ended(await gate.run()) == (Verdict.GO, Action.KEPT)
        assert story.ledger.kept[0].vector == vector("r2")

    in_story(tmp_path, act)


def test_a_deploy_during_the_checks_is_no_go_for_neither(tmp_path: Path) -> None:
    async def act(story: Story) -> None:
        gate = story.gate("r1")
        look_again = gate._look_again

        async def deployed_meanwhile() -> None:
            story.platform.running["auth"] = [artifact("auth", "r2")]
            await look_again()

        gate._look_again = deployed_meanwhile  # type: ignore[method-assign]
        record = await gate.run()
        assert ended(record) == (Verdict.HOLD, Action.BLOCKED)
        assert "what runs is not what was judged" in record.judgement.reasons[0].text
        assert story.ledger.events() == []

    in_story(tmp_path, act)


def test_one_artifact_for_each_service_or_no_go_is_not_earned(tmp_path: Path) -> None:
    async def act(story: Story) -> None:
        other = Artifact(identity="sha256:other", release="r1")
        story.platform.running["auth"].append(other)
        record = await story.run("r1")
        assert ended(record) == (Verdict.HOLD, Action.BLOCKED)

    in_story(tmp_path, act)


@pytest.mark.parametrize("readable", [True, False])
def test_a_go_that_cannot_be_noted_is_none(tmp_path: Path, readable: bool) -> None:
    async def act(story: Story) -> None:
        story.ledger.broken = Event.GO
        story.ledger.unreadable = not readable
        record = await story.run("r1")
        assert ended(record) == (Verdict.HOLD, Action.BLOCKED)
        written = json.loads((tmp_path / "run-1" / "verdict.json").read_text())
        assert written["verdict"] == "HOLD"

    in_story(tmp_path, act)


@pytest.mark.parametrize("event", [Event.NO_GO, Event.ROLLBACK_BEGUN])
def test_a_rollback_that_cannot_be_noted_is_held(tmp_path: Path, event: Event) -> None:
    async def act(story: Story) -> None:
        story.ledger.good("r0")
        story.bad.add("r1")
        story.ledger.broken = event
        record = await story.run("r1")
        assert ended(record) == (Verdict.NO_GO, Action.HELD)
        assert story.platform.asked == []

    in_story(tmp_path, act)


def test_without_a_platform_there_is_a_verdict_and_no_rollback(tmp_path: Path) -> None:
    async def act(story: Story) -> None:
        story.ledger.good("r0")
        story.bad.add("r1")
        record = await story.run("r1", platform=None)
        assert ended(record) == (Verdict.NO_GO, Action.HELD)
        story.bad.clear()
        assert ended(await story.run("r1", platform=None)) == (Verdict.GO, Action.KEPT)

    in_story(tmp_path, act)


@pytest.mark.parametrize(
    ("lie", "said"),
    [
        ({"does_nothing": True}, "not sha256:auth-r0"),
        ({"stops_half_way": True}, "gateway: 1 of 1 instances run"),
        ({"fails": True}, "the tool ended with 1"),
        ({"does_nothing": True, "hangs": True}, "still under way after 300 s"),
    ],
)
def test_a_rollback_is_believed_only_when_the_state_shows_it(
    tmp_path: Path, lie: dict[str, Any], said: str
) -> None:
    async def act(story: Story) -> None:
        story.ledger.good("r0")
        story.bad.add("r1")
        for name, value in lie.items():
            setattr(story.platform, name, value)
        record = await story.run("r1")
        assert ended(record) == (Verdict.NO_GO, Action.ROLLBACK_FAILED)
        assert said in why(record)
        assert story.ledger.kept[-1].action == "rollback_failed"

    in_story(tmp_path, act)


def test_a_target_that_does_not_pass_its_checks_is_a_failed_rollback(tmp_path: Path) -> None:
    async def act(story: Story) -> None:
        story.ledger.good("r0")
        story.bad |= {"r0", "r1"}
        record = await story.run("r1")
        assert ended(record) == (Verdict.NO_GO, Action.ROLLBACK_FAILED)
        assert "it does not work" in why(record)

    in_story(tmp_path, act)


@pytest.mark.parametrize("error", [UsageError("the disk is full"), RuntimeError("a defect")])
def test_what_breaks_after_a_rollback_began_is_never_told_as_nothing_changed(
    tmp_path: Path, error: Exception
) -> None:
    async def act(story: Story) -> None:
        story.ledger.good("r0")
        story.bad.add("r1")

        async def verify(release: str) -> list[str]:
            raise error

        gate = story.gate("r1")
        gate.verify = verify
        record = await gate.run()
        assert ended(record) == (Verdict.NO_GO, Action.ROLLBACK_FAILED)
        assert record.consequence is not None
        assert record.consequence.target == "r0"
        assert str(error) in why(record)
        assert (await story.platform.identify()).vector == vector("r0")

    in_story(tmp_path, act)


def test_a_target_that_cannot_be_verified_ends_the_rollback_in_the_ledger(tmp_path: Path) -> None:
    async def act(story: Story) -> None:
        story.ledger.good("r0")
        story.bad.add("r1")

        async def verify(release: str) -> list[str]:
            raise UsageError("no disk for token=abcdefghijkl " + "and so on " * 500)

        gate = story.gate("r1")
        gate.verify = verify
        await gate.run()
        last = story.ledger.kept[-1]
        assert (last.event, last.action) == (Event.ROLLBACK_ENDED, "rollback_failed")
        assert last.why.startswith("r0 runs, and cannot be verified: no disk for token=")
        assert "abcdefghijkl" not in last.why
        assert len(last.why) <= 1000

    in_story(tmp_path, act)


def test_a_rollback_goes_on_to_its_end_when_the_gate_is_interrupted(tmp_path: Path) -> None:
    async def act(story: Story) -> None:
        story.ledger.good("r0")
        story.bad.add("r1")
        gate = story.gate("r1")
        task = asyncio.create_task(gate.run())
        story.platform.on_asked = task.cancel
        record = await task
        assert ended(record) == (Verdict.NO_GO, Action.ROLLED_BACK_VERIFIED)
        assert gate.verification.interrupted

    in_story(tmp_path, act)


def test_an_interrupted_gate_holds_and_rolls_nothing_back(tmp_path: Path) -> None:
    async def act(story: Story) -> None:
        story.ledger.good("r0")
        gate = story.gate("r2")
        gate.verification.phases = story.verification("r2", tmp_path / "x", ready_s=60.0).phases
        task = asyncio.create_task(gate.run())
        story.on_health = task.cancel
        record = await task
        assert ended(record) == (Verdict.HOLD, Action.BLOCKED)
        assert gate.verification.interrupted
        assert story.platform.asked == []

    in_story(tmp_path, act)

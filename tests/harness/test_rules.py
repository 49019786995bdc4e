"""The rules of a rollback: with each, a case in which breaking it would do harm."""

import json
from pathlib import Path
from typing import Any

import pytest

from harness.deployment import Artifact, Database
from harness.environment import DatabaseLook
from harness.ledger import Entry, Event
from harness.model import Action, RunRecord, Verdict
from tests.harness.gating import Story, artifact, in_story, vector


def told(record: RunRecord) -> tuple[Action, str]:
    assert record.judgement.verdict is Verdict.NO_GO
    assert record.consequence is not None
    return record.consequence.action, "; ".join(record.consequence.why)


def noted(event: Event, release: str, **more: Any) -> Entry:
    at = more.pop("at", "2026-01-02T00:00:00.000Z")
    return Entry(event=event, environment="test", release=release, at=at, **more)


def after(story: Story, event: Event, act: Any) -> None:
    """Has something happen when the gate has noted this."""
    append = story.ledger.append

    def appended(entry: Entry) -> None:
        append(entry)
        if entry.event is event:
            act()

    story.ledger.append = appended  # type: ignore[method-assign]


def at(revision: str, oldest: str | None = None, code: int = 0) -> DatabaseLook:
    """A database that a command tells of."""
    said = json.dumps({"revision": revision, "oldest_compatible": oldest})
    source = f"print({said!r}); raise SystemExit({code})"
    return DatabaseLook.model_validate({"command": {"run": ["python", "-c", source]}})


async def bad(story: Story) -> RunRecord:
    """r1 is good, r2 was deployed after it and is bad."""
    story.ledger.good("r1", database=Database(revision="5"))
    story.platform.deploy("r2")
    story.bad.add("r2")
    return await story.run("r2")


def held(tmp_path: Path, prepare: Any = None, **options: Any) -> str:
    """Why the rollback of r2 is held; nothing may have been asked of the platform."""

    async def act(story: Story) -> str:
        if prepare is not None:
            prepare(story)
        record = await bad(story)
        assert story.platform.asked == []
        action, why = told(record)
        assert action is Action.HELD
        return why

    why: str = in_story(tmp_path, act, **options)
    return why


def test_somebody_elses_newer_deploy_is_not_undone(tmp_path: Path) -> None:
    def prepare(story: Story) -> None:
        after(story, Event.NO_GO, lambda: story.platform.deploy("r3"))

    assert "somebody has deployed" in held(tmp_path, prepare)


def test_a_service_that_the_release_has_crashed_is_no_newer_deploy(tmp_path: Path) -> None:
    async def act(story: Story) -> None:
        after(story, Event.NO_GO, lambda: story.platform.running.update(auth=[]))
        record = await bad(story)
        assert told(record)[0] is Action.ROLLED_BACK_VERIFIED
        assert story.platform.running == {name: [each] for name, each in vector("r1").items()}

    in_story(tmp_path, act)


def test_the_same_artifact_deployed_anew_counts_as_a_newer_deploy(tmp_path: Path) -> None:
    def prepare(story: Story) -> None:
        after(story, Event.NO_GO, lambda: story.platform.deploy("r2"))

    assert "(deploy 2) ran, now sha256:auth-r2 (deploy 3)" in held(tmp_path, prepare)


def test_a_deploy_that_has_begun_is_let_be(tmp_path: Path) -> None:
    def prepare(story: Story) -> None:
        late = noted(Event.DEPLOYED, "r3", at="9999-01-01T00:00:00.000Z")
        after(story, Event.NO_GO, lambda: story.ledger.kept.append(late))

    assert "a deploy of r3 has begun" in held(tmp_path, prepare)


def test_an_operation_under_way_is_let_be(tmp_path: Path) -> None:
    def prepare(story: Story) -> None:
        def begin() -> None:
            story.platform.changing = ("auth",)

        after(story, Event.NO_GO, begin)

    assert "an operation is under way on auth" in held(tmp_path, prepare)


def test_a_target_that_is_gone_is_not_tried(tmp_path: Path) -> None:
    def prepare(story: Story) -> None:
        story.platform.pruned = True

    assert "r1 cannot be had any more: the image is gone" in held(tmp_path, prepare)


def test_a_database_ahead_of_the_target_keeps_it_away(tmp_path: Path) -> None:
    assert "r1 would not work with the database" in held(tmp_path, database=at("7", "6"))


def test_a_database_that_cannot_be_told_keeps_the_target_away(tmp_path: Path) -> None:
    assert "cannot tell whether it may be rolled back" in held(tmp_path, database=at("7", code=1))


@pytest.mark.parametrize("look", [at("5"), at("7", "5")])
def test_a_database_that_serves_the_target_lets_it_return(
    tmp_path: Path, look: DatabaseLook
) -> None:
    async def act(story: Story) -> None:
        action, _ = told(await bad(story))
        assert action is Action.ROLLED_BACK_VERIFIED

    in_story(tmp_path, act, database=look)


def test_a_second_attempt_for_the_same_release_is_held(tmp_path: Path) -> None:
    async def act(story: Story) -> None:
        assert told(await bad(story))[0] is Action.ROLLED_BACK_VERIFIED
        story.platform.deploy("r2")
        action, why = told(await story.run("r2"))
        assert action is Action.HELD
        assert "a rollback of r2 was begun before" in why
        assert len(story.platform.asked) == 1

    in_story(tmp_path, act)


def test_a_release_that_was_left_is_no_target_for_the_next_one(tmp_path: Path) -> None:
    async def act(story: Story) -> None:
        await bad(story)
        story.platform.deploy("r3")
        story.bad.add("r3")
        record = await story.run("r3")
        assert record.consequence is not None
        assert record.consequence.target == "r1"

    in_story(tmp_path, act)


def test_what_no_release_can_have_caused_is_not_answered_by_a_rollback(tmp_path: Path) -> None:
    def prepare(story: Story) -> None:
        story.down = True

    why = held(tmp_path, prepare, database=at("5", code=69))
    assert "every service that needs postgres reports it down, and it is" in why


def test_a_release_that_only_says_its_database_is_down_is_rolled_back(tmp_path: Path) -> None:
    async def act(story: Story) -> None:
        story.down = True

        def mended() -> None:
            story.down = False

        story.platform.on_asked = mended
        assert told(await bad(story))[0] is Action.ROLLED_BACK_VERIFIED

    in_story(tmp_path, act, database=at("5"))


def test_a_gate_killed_between_verdict_and_rollback_does_it_when_started_again(
    tmp_path: Path,
) -> None:
    async def act(story: Story) -> None:
        story.ledger.kept.append(noted(Event.NO_GO, "r2", vector=vector("r2")))
        assert told(await bad(story))[0] is Action.ROLLED_BACK_VERIFIED
        assert len(story.platform.asked) == 1

    in_story(tmp_path, act)


def begun(story: Story) -> None:
    """A gate was killed after it had noted that it begins."""
    story.ledger.good("r1")
    story.ledger.kept.append(noted(Event.NO_GO, "r2", vector=vector("r2")))
    begins = noted(Event.ROLLBACK_BEGUN, "r2", vector=vector("r1"), target="r1")
    story.ledger.kept.append(begins)


def test_a_rollback_that_was_asked_for_is_verified_and_not_asked_for_again(
    tmp_path: Path,
) -> None:
    async def act(story: Story) -> None:
        begun(story)
        assert told(await story.run("r2"))[0] is Action.ROLLED_BACK_VERIFIED
        assert story.platform.asked == []
        assert story.ledger.events()[-1] == "rollback_ended r2"

    in_story(tmp_path, act)


@pytest.mark.parametrize("half", [False, True])
def test_a_rollback_that_was_not_ended_is_ended(tmp_path: Path, half: bool) -> None:
    async def act(story: Story) -> None:
        begun(story)
        story.platform.deploy("r2")
        if half:
            story.platform.running["auth"] = [artifact("auth", "r1")]
        assert told(await story.run("r2"))[0] is Action.ROLLED_BACK_VERIFIED
        assert story.platform.asked == [vector("r1")]
        assert (await story.platform.identify()).vector == vector("r1")

    in_story(tmp_path, act)


def test_a_rollback_that_was_not_ended_is_let_be_where_something_else_runs(
    tmp_path: Path,
) -> None:
    async def act(story: Story) -> None:
        begun(story)
        story.platform.deploy("r3")
        action, why = told(await story.run("r2"))
        assert action is Action.HELD
        assert "a rollback of r2 was begun before" in why
        assert story.platform.asked == []

    in_story(tmp_path, act)


def test_silent_instances_of_another_good_release_are_not_taken_for_the_bad_one(
    tmp_path: Path,
) -> None:
    async def act(story: Story) -> None:
        story.ledger.good("r0")
        story.ledger.good("r1", vector={n: artifact(n, "x") for n in vector("r1")})
        silent = {n: [nameless(n)] for n in vector("r1")}
        story.platform.running = silent
        action, why = told(await story.run("r2"))
        assert action is Action.HELD
        assert "r2 is not what runs: the artifacts are those of r1" in why

    in_story(tmp_path, act)


def nameless(name: str) -> Artifact:
    """That of r1, with nobody who says so: its services answer 503 without a body."""
    return Artifact(identity=artifact(name, "x").identity, release=None)

"""`rollback` of a release that is named: as at a gate, nothing newer is ever taken away."""

import asyncio
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from harness.cli._leaving import Leaving
from harness.cli._progress import Progress
from harness.cli._site import Limits, Site
from harness.deployment import Vector
from harness.environment import Command, DatabaseLook
from harness.errors import UsageError
from harness.ledger import Entry, Event
from harness.model import Action, Consequence
from harness.records import ACTION
from tests.harness.gating import Story, artifact, in_story, vector
from tests.harness.test_rollback import begun, unlabelled

ROLLED_BACK = ["rollback_begun bad", "rollback_ended bad"]


def leaving(
    story: Story, release: str | None = "bad", to: str | None = None, path: str = "back"
) -> Leaving:
    """A rollback in a story; its checks are the story's own."""

    class Here(Site):
        async def verify(self, release: str, directory: Path) -> list[str]:
            return list(await story.verify(release, directory))

    site = Here(
        env="test",
        file=story.directory / "test.yaml",
        rehearse=False,
        again=str,
        environment=story.environment,
        platform=story.platform,
        ledger=story.ledger,
        limits=Limits(),
        progress=Progress(verbosity=0),
        secrets=(),
    )
    where = story.directory / path
    return Leaving(site=site, platform=story.platform, to=to, release=release, path=where)


def noted(story: Story, event: Event, release: str, at: str = "", **more: Any) -> None:
    at = at or f"2026-02-01T00:00:{len(story.ledger.kept):02}.000Z"
    more = {"environment": "test", "release": release, "at": at, **more}
    story.ledger.kept.append(Entry(event=event, **more))


def refused(story: Story) -> None:
    """A good release, and a bad one that was deployed after it and got NO_GO."""
    story.ledger.good("good", vector=unlabelled("good"))
    noted(story, Event.DEPLOYED, "bad")
    noted(story, Event.NO_GO, "bad", vector=vector("bad"), evidence="e" * 64)


def after(
    tmp_path: Path, arrange: Callable[[Story], object], *, runs: str = "bad", **options: Any
) -> tuple[Consequence, Story]:
    """What a rollback of `bad` comes to, once this was arranged."""

    async def act(story: Story) -> tuple[Consequence, Story]:
        refused(story)
        arrange(story)
        return await leaving(story, **options).run(), story

    done: tuple[Consequence, Story] = in_story(tmp_path, act, release=runs)
    written = json.loads((tmp_path / "back" / ACTION).read_text())
    told = done[0]
    assert written == {**written, "action": told.action, "target": told.target}
    assert (written["release"], written["why"]) == (told.release, list(told.why))
    return done


def nothing(story: Story) -> None:
    pass


def test_a_named_release_is_left_for_the_last_good_one(tmp_path: Path) -> None:
    told, story = after(tmp_path, nothing)
    assert (told.action, told.release, told.target) == ("rolled_back_verified", "bad", "good")
    assert told.verdict_sha256 == "e" * 64
    assert story.ledger.events()[-2:] == ROLLED_BACK
    assert story.platform.asked == [vector("good")]
    assert (tmp_path / "back" / "verdict.json").exists()


def deployed_after(story: Story) -> None:
    noted(story, Event.DEPLOYED, "newer")


def runs_newer(story: Story) -> None:
    story.platform.deploy("newer")


def tried_before(story: Story) -> None:
    noted(story, Event.ROLLBACK_BEGUN, "bad", target="good", vector=vector("good"))
    noted(story, Event.ROLLBACK_ENDED, "bad", target="good", action="rollback_failed")


def half_replaced(story: Story) -> None:
    """By somebody who told no ledger; the rest still runs the bad one."""
    story.platform.running["gateway"] = [artifact("gateway", "newer")]


def unreachable(story: Story) -> None:
    story.platform.unreachable = True


def pruned(story: Story) -> None:
    story.platform.pruned = True


def unreadable(story: Story) -> None:
    story.ledger.unreadable = True


@pytest.mark.parametrize(
    ("arrange", "says"),
    [
        (deployed_after, "a deploy of newer has begun at "),
        (runs_newer, "somebody has deployed auth meanwhile: sha256:auth-bad"),
        (half_replaced, "somebody has deployed gateway meanwhile: sha256:gateway-bad"),
        (tried_before, "a rollback of bad was begun before, at 2026-02-01T00:00:03.000Z: "),
        (pruned, "good cannot be had any more: the image is gone"),
        (unreachable, "the platform does not answer"),
        (unreadable, "line 3 of the ledger is no entry"),
    ],
)
def test_it_is_held_where_a_gate_would_hold_it(
    tmp_path: Path, arrange: Callable[[Story], object], says: str
) -> None:
    told, story = after(tmp_path, arrange)
    assert told.action is Action.HELD
    assert told.why[0].startswith(says)
    assert story.platform.asked == []


def test_a_release_that_nobody_judged_and_does_not_run_is_not_left(tmp_path: Path) -> None:
    told, story = after(tmp_path, nothing, release="mistyped")
    assert (told.action, story.platform.asked) == (Action.HELD, [])
    assert told.why == ("mistyped is not what runs: bad is",)


def test_what_no_release_can_have_caused_is_no_ground_to_leave_one(tmp_path: Path) -> None:
    async def act(story: Story) -> Consequence:
        refused(story)
        story.down = True
        return await leaving(story).run()

    look = DatabaseLook(command=Command(run=["sh", "-c", "exit 69"]))
    told = in_story(tmp_path, act, release="bad", database=look)
    assert told.action is Action.HELD
    assert told.why[0].endswith("reports it down, and it is: a rollback mends nothing")


def test_a_release_that_was_built_and_deployed_again_is_left_as_it_is_now(tmp_path: Path) -> None:
    def built_again(story: Story) -> None:
        story.ledger.kept[-1] = replace(story.ledger.kept[-1], vector=vector("bad-before"))
        noted(story, Event.DEPLOYED, "bad")

    told, _ = after(tmp_path, built_again)
    assert told.action is Action.ROLLED_BACK_VERIFIED


def test_a_rollback_that_was_begun_and_not_ended_is_ended(tmp_path: Path) -> None:
    told, story = after(tmp_path, lambda story: begun(story, "bad", to="good"))
    assert told.action is Action.ROLLED_BACK_VERIFIED
    assert story.ledger.events()[-1] == "rollback_ended bad"
    assert story.platform.asked == [vector("good")]


def test_a_failed_rollback_says_so(tmp_path: Path) -> None:
    def lies(story: Story) -> None:
        story.platform.does_nothing = True

    told, _ = after(tmp_path, lies)
    assert told.action is Action.ROLLBACK_FAILED
    assert "1 of 1 instances run sha256:auth-bad" in "; ".join(told.why)


def test_without_a_name_what_runs_is_left_as_ever(tmp_path: Path) -> None:
    told, story = after(tmp_path, deployed_after, release=None)
    assert (told.action, told.release) == (Action.ROLLED_BACK_VERIFIED, "bad")
    assert story.ledger.events()[-2:] == ROLLED_BACK


def test_a_directory_that_holds_something_is_refused_before_anything_is_asked(
    tmp_path: Path,
) -> None:
    async def act(story: Story) -> None:
        refused(story)
        (tmp_path / "back").mkdir()
        (tmp_path / "back" / ACTION).write_text("of another run")
        with pytest.raises(UsageError, match="is not empty"):
            await leaving(story).run()
        assert story.platform.asked == []

    in_story(tmp_path, act, release="bad")


def test_an_interruption_before_it_began_changes_nothing(tmp_path: Path) -> None:
    async def act(story: Story) -> Consequence:
        refused(story)
        task = asyncio.create_task(leaving(story).run())
        story.on_health = task.cancel
        told: Consequence = await task
        assert story.platform.asked == []
        return told

    told = in_story(tmp_path, act, release="bad")
    assert told.why == ("it was interrupted before anything was changed",)
    assert json.loads((tmp_path / "back" / ACTION).read_text())["action"] == "held"


def test_an_interruption_after_it_began_waits_for_its_end(tmp_path: Path) -> None:
    async def act(story: Story) -> None:
        refused(story)
        one = leaving(story)
        task = asyncio.create_task(one.run())
        story.platform.on_asked = task.cancel
        assert (await task).action is Action.ROLLED_BACK_VERIFIED
        assert one.interrupted

    in_story(tmp_path, act, release="bad")


def test_a_second_interruption_leaves_it_to_who_is_given_the_same_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def act(story: Story) -> None:
        refused(story)
        asked = asyncio.Event()

        async def roll_back(target: Vector) -> None:
            asked.set()
            await asyncio.Event().wait()

        one = leaving(story)
        monkeypatch.setattr(story.platform, "roll_back", roll_back)
        task = asyncio.create_task(one.run())
        await asked.wait()
        task.cancel()
        while not one.interrupted:  # noqa: ASYNC110  nobody is told when the signal arrives
            await asyncio.sleep(0)
        task.cancel()
        told = await task
        assert (told.action, told.target) == (Action.ROLLBACK_FAILED, "good")
        assert story.ledger.events()[-1] == "rollback_begun bad"
        monkeypatch.undo()
        again = leaving(story, path="again")
        assert (await again.run()).action is Action.ROLLED_BACK_VERIFIED

    in_story(tmp_path, act, release="bad")

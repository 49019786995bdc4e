"""What is gone back to: whole releases, each service told which one, and none that went unended."""

from dataclasses import replace
from pathlib import Path

from harness.deployment import Artifact, Vector
from harness.ledger import Entry, Event, History
from harness.model import Action
from harness.rollback import left_unfinished
from tests.harness.gating import SERVICES, Story, artifact, in_story, vector
from tests.harness.test_gate import ended


def unlabelled(release: str) -> Vector:
    """A vector as a platform tells it that knows images, and not of which releases they are."""
    return {name: replace(one, release=None) for name, one in vector(release).items()}


def test_an_artifact_is_told_the_release_that_earned_go_with_it(tmp_path: Path) -> None:
    """The services say what they are told: told nothing, they would not pass their checks."""

    async def act(story: Story) -> None:
        story.ledger.good("r0", vector=unlabelled("r0"))
        story.bad.add("r1")
        record = await story.run("r1")
        assert ended(record)[1] is Action.ROLLED_BACK_VERIFIED
        assert story.platform.asked == [vector("r0")]

    in_story(tmp_path, act)


def test_a_resumed_rollback_tells_the_release_that_it_goes_to(tmp_path: Path) -> None:
    async def act(story: Story) -> None:
        story.ledger.good("r0", vector=unlabelled("r0"))
        begun(story, "r1", to="r0")
        record = await story.run("r1")
        assert ended(record)[1] is Action.ROLLED_BACK_VERIFIED
        assert story.platform.asked == [vector("r0")]

    in_story(tmp_path, act)


def begun(story: Story, release: str, *, to: str) -> None:
    """A rollback that nobody lived to end."""
    noted = Entry(
        event=Event.NO_GO,
        environment="test",
        release=release,
        at="2026-01-02T00:00:00.000Z",
        vector=vector(release),
    )
    back = replace(noted, event=Event.ROLLBACK_BEGUN, target=to, vector=unlabelled(to))
    story.ledger.kept += [noted, back]


def test_what_came_after_a_rollback_was_begun_is_not_taken_away_by_its_end(tmp_path: Path) -> None:
    """The same images are part of many releases: what runs them now may be another one."""

    async def act(story: Story) -> None:
        story.ledger.good("r0")
        begun(story, "r1", to="r0")
        history = History(story.ledger.kept)
        for release, resumed in (("r0", True), ("r2", False)):
            images = {name: replace(one, release=release) for name, one in vector("r0").items()}
            story.platform.running = {name: [one] for name, one in images.items()}
            target = await left_unfinished(history, "r1", story.platform)
            assert (target is not None) is resumed

    in_story(tmp_path, act)


def test_of_a_half_done_deployment_the_release_before_it_comes_back_whole(tmp_path: Path) -> None:
    """It got no further than a service whose image is the same in both: what runs are the images
    of the release before, and that is not what runs."""

    async def act(story: Story) -> None:
        story.ledger.good("older")
        story.ledger.good("r0")
        unchanged = Artifact(identity=artifact("auth", "r0").identity, release="r1")
        story.platform.running["auth"] = [unchanged]
        story.platform.running["gateway"] = [artifact("gateway", "r0")]
        record = await story.run("r1")
        assert ended(record)[1] is Action.ROLLED_BACK_VERIFIED
        assert story.platform.asked == [vector("r0")]
        assert set(story.platform.running) == set(SERVICES)

    in_story(tmp_path, act)

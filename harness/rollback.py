"""A rollback that the rules allow: noted, done by the platform, confirmed, verified."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace

from harness.deployment import Artifact, State
from harness.errors import HarnessError, LedgerError
from harness.ledger import Entry, Event, History, Ledger
from harness.model import Action
from harness.platforms import Platform
from harness.records import now

Verify = Callable[[str], Awaitable[Sequence[str]]]
# Of what a ledger keeps for people; the evidence has all of it.
LONGEST_WHY = 1000


def as_target(entry: Entry | None) -> Entry | None:
    """An entry as what is gone back to: each artifact with the release that it came with.

    Where the same artifact is a part of many releases, its platform has to tell it which one.
    """
    if entry is None:
        return None
    vector = {
        name: artifact if artifact.release else replace(artifact, release=entry.release)
        for name, artifact in entry.vector.items()
    }
    return replace(entry, vector=vector)


async def left_unfinished(history: History, release: str, platform: Platform) -> Entry | None:
    """The target of a rollback of this release that was begun, and whoever began it did not live
    to end; None where there is none, or what runs is something else by now.

    Raises:
        PlatformError: What runs cannot be told.
    """
    attempt = history.rollback(release)
    if attempt is None or attempt[1] is not None or attempt[0].target is None:
        return None
    target = as_target(replace(attempt[0], release=attempt[0].target))
    await platform.wait()
    state, refused = await platform.identify(), as_target(history.standing(release))
    return target if _consists_of(state, target, refused) else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Rollback:
    """One rollback, from its entry in the ledger to the verified target.

    Args:
        verify: Runs the target's checks; what keeps them from GO, a line each.
        redact: Takes out of a text what must not be written: a platform's tool may say anything.
        leaves: The release to leave, as the ledger names it.
        resumed: It was begun before, and not ended.
    """

    environment: str
    leaves: str
    target: Entry
    platform: Platform
    ledger: Ledger
    verify: Verify
    redact: Callable[[str], str]
    progress: Callable[[str], None]
    run_id: str
    resumed: bool = False

    async def run(self) -> tuple[Action, tuple[str, ...]]:
        """How it ended, and why not better."""
        if not self.resumed:
            try:
                self._note(Event.ROLLBACK_BEGUN)
            except LedgerError as error:
                # Without the note, another gate might try a second time.
                return Action.HELD, (f"the rollback cannot be noted: {error}",)
        self.progress(f"rolling back to {self.target.release}")
        why = await self._bring_back()
        if not why:
            self.progress(f"verifying {self.target.release}")
            try:
                why = list(await self.verify(self.target.release))
            except HarnessError as error:
                why = [f"{self.target.release} runs, and cannot be verified: {error}"]
        why = [self.redact(text) for text in why]
        action = Action.ROLLBACK_FAILED if why else Action.ROLLED_BACK_VERIFIED
        try:
            self._note(Event.ROLLBACK_ENDED, action=action, why="; ".join(why)[:LONGEST_WHY])
        except LedgerError as error:
            why.append(f"the end of the rollback cannot be noted: {error}")
        return action, tuple(why)

    async def _bring_back(self) -> list[str]:
        """What the platform says of the state afterwards; how its tools ended proves nothing."""
        told: list[str] = []
        try:
            if not self.resumed or await self.platform.confirm(self.target.vector):
                await self.platform.roll_back(self.target.vector)
            await self.platform.wait()
        except HarnessError as error:
            told.append(str(error))
        try:
            differences = list(await self.platform.confirm(self.target.vector))
        except HarnessError as error:
            return [*told, f"what runs now cannot be told: {error}"]
        return [*told, *differences] if differences else []

    def _note(self, event: Event, action: Action | None = None, why: str = "") -> None:
        entry = Entry(
            event=event,
            environment=self.environment,
            release=self.leaves,
            at=now(),
            run_id=self.run_id,
            vector=self.target.vector,
            database=self.target.database,
            target=self.target.release,
            action=action,
            why=why,
        )
        self.ledger.append(entry)


def _consists_of(state: State, *entries: Entry | None) -> bool:
    """Whether all that runs is of one of these vectors, service by service."""
    vectors = [entry.vector for entry in entries if entry is not None]
    return all(
        any(name in vector and _is_of(artifact, vector[name]) for vector in vectors)
        for name, running in state.services.items()
        for artifact in running.artifacts
    )


def _is_of(artifact: Artifact, known: Artifact) -> bool:
    """Whether it is the same, and of the same release as far as both tell theirs."""
    releases = {artifact.release, known.release} - {None}
    return artifact.identity == known.identity and len(releases) < 2

"""A rollback by hand: what the rules say, what the platform does, and `action.json` of both."""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from harness.cli._left import came_at, judged, verdict_on, with_go
from harness.cli._site import Site
from harness.deployment import State, same
from harness.errors import HarnessError, UsageError
from harness.exchange import EvidenceClient
from harness.ledger import Entry, History
from harness.model import Action, Consequence
from harness.network import Network
from harness.pace import Pace
from harness.platforms import Platform
from harness.records import RunDirectory, now
from harness.redaction import Redactor
from harness.rollback import Rollback, as_target, left_unfinished
from harness.rules import RULES, RULES_TO_RESUME, Case, objections
from harness.system import System

UNKNOWN = "unknown"


@dataclass(kw_only=True)
class Leaving:
    """A release is left for one that earned GO.

    Args:
        to: What is gone back to; the last release with a GO, unless given.
        release: What is left. Where it is given, nothing else is: as at a gate.

    Attributes:
        interrupted: The caller wants no more of it.
    """

    site: Site
    platform: Platform
    to: str | None
    release: str | None
    path: Path
    interrupted: bool = False
    _begun_to: str | None = None
    _directory: RunDirectory | None = None

    async def run(self) -> Consequence:
        """What was done and why not more; it is in `action.json`.

        Raises:
            UsageError: Nothing was asked of anybody but the ledger.
        """
        following = asyncio.create_task(self._follow())
        try:
            return await asyncio.shield(following)
        except asyncio.CancelledError:
            self.interrupted = True
            if self._begun_to is None:
                following.cancel()
            else:
                # Never to be left in the middle of an operation.
                self.site.progress.step("interrupted: what was begun is being ended")
            return await following

    async def _follow(self) -> Consequence:
        started_at, started = now(), time.perf_counter()
        told = Consequence(action=Action.HELD, release=self.release or UNKNOWN)
        try:
            told = await self._decided(told)
        except UsageError:
            raise
        except HarnessError as error:
            told = replace(told, why=(str(error),))
        except asyncio.CancelledError:
            told = self._cut_off(told)
        except Exception as error:  # noqa: BLE001  a defect of ours must not pass as no rollback
            why = f"a defect of keyarc-verify: {type(error).__name__}: {error}"
            action = Action.ROLLBACK_FAILED if self._begun_to else Action.HELD
            told = replace(told, action=action, target=self._begun_to, why=(why,))
        told = replace(
            told,
            why=tuple(map(Redactor(self.site.secrets).prose, told.why)),
            started_at=started_at,
            finished_at=now(),
            duration_ms=(time.perf_counter() - started) * 1000,
        )
        self._evidence().follow(told)
        return told

    def _cut_off(self, told: Consequence) -> Consequence:
        if self._begun_to is None:
            return replace(told, why=("it was interrupted before anything was changed",))
        why = "interrupted again: its end was not awaited; the same command, given again, does it"
        return replace(told, action=Action.ROLLBACK_FAILED, target=self._begun_to, why=(why,))

    def _evidence(self) -> RunDirectory:
        if self._directory is None:
            self._directory = RunDirectory(self.path)
        return self._directory

    async def _decided(self, told: Consequence) -> Consequence:
        history = History(await asyncio.to_thread(self.site.ledger.entries))
        named = with_go(history, self.to) if self.to else None
        self._evidence()
        running = await self.platform.identify()
        client = EvidenceClient(Network.of(self.site.environment), Pace.of(self.site.environment))
        system = System(self.site.environment, client)
        try:
            leaves = self.release or await _only_one(system, running)
            resumed = await self._begun_before(history)
            target = resumed or as_target(named or history.target(self.release, running.whole))
            told = replace(
                told,
                release=leaves,
                target=target.release if target else None,
                verdict_sha256=verdict_on(history, leaves),
            )
            if target and not resumed and same(target.vector, running.whole):
                # Noted as a rollback away from itself, it would lose its GO.
                return replace(told, why=(f"{target.release} is what runs already",))
            case = Case(
                release=None if leaves == UNKNOWN else leaves,
                judged=judged(history, self.release, running),
                running=running,
                history=history,
                target=target,
                platform=self.platform,
                system=system,
                begun_at=came_at(history, self.release) or now(),
            )
            objected = await objections(case, RULES_TO_RESUME if resumed else RULES)
        finally:
            await client.close()
        if objected or target is None:
            return replace(told, why=tuple(objected))
        action, why = await self._back(leaves, target, resumed=resumed is not None)
        return replace(told, action=action, why=tuple(why))

    async def _begun_before(self, history: History) -> Entry | None:
        """The target of a rollback of this release that somebody began, and did not end."""
        if self.release is None:
            return None
        found = await left_unfinished(history, self.release, self.platform)
        return found if found and self.to in (None, found.release) else None

    async def _back(
        self, leaves: str, target: Entry, *, resumed: bool
    ) -> tuple[Action, Sequence[str]]:
        site = self.site
        rollback = Rollback(
            environment=site.environment.name,
            leaves=leaves,
            target=target,
            platform=self.platform,
            ledger=site.ledger,
            verify=lambda release: site.verify(release, self.path),
            redact=Redactor(site.secrets).prose,
            progress=site.progress.step,
            run_id=self.path.name,
            resumed=resumed,
        )
        self._begun_to = target.release
        return await rollback.run()


async def _only_one(system: System, running: State) -> str:
    """The release that all of it runs, where that can be told."""
    said = await system.releases() | running.releases
    return next(iter(said)) if len(said) == 1 else UNKNOWN

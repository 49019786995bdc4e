"""An environment that commands of a release work on: held, filled in, and ready to be asked."""

import os
import shlex
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from harness import rehearsal
from harness.cli._imagined import imagined
from harness.cli._platform import platform_of
from harness.cli._progress import Progress
from harness.cli._requirements import must_be_set, obstacles
from harness.environment import Environment, find, parse, secrets_of
from harness.gate import verified
from harness.lease import filled_in, leased, secrets_in
from harness.ledger import Ledger, ledger_of
from harness.phase import Checks, Limited, Phase
from harness.plan import plan
from harness.platforms import Platform
from harness.readiness import Ready
from harness.records import RunDirectory, new_run_id
from harness.turn import turn
from harness.verification import Verification


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Seconds for each part: until the verdict, until all is there, the checks once, each suite,
    and a rollback from asking for it to its end."""

    whole_s: float = 600.0
    ready_s: float = 60.0
    verify_s: float = 120.0
    suite_s: float = 480.0
    rollback_s: float = 300.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """One environment, for as long as `opened` lasts.

    Attributes:
        env: As the user named it.
        file: The environment's.
        again: The words of the command that runs the checks alone.
    """

    env: str
    file: Path
    rehearse: bool
    again: Callable[[str], str]
    environment: Environment
    platform: Platform | None
    ledger: Ledger
    limits: Limits
    progress: Progress
    secrets: tuple[str, ...]

    def verification(self, release: str, directory: Path, run_id: str) -> Verification:
        """Readiness, and then the checks."""
        planned = plan(self.environment)
        ready = Ready(self.environment, self.limits.ready_s)
        checks = Limited("verification", Checks(), self.limits.verify_s)
        phases: tuple[Phase, ...] = (ready, checks)
        return Verification(
            plan=replace(planned, declared=(*ready.declared, *planned.declared)),
            environment=self.environment,
            directory=RunDirectory(directory),
            run_id=run_id,
            timeout_s=self.limits.whole_s,
            release=release,
            listener=self.progress.result,
            command=self.again(release),
            obstacles=partial(obstacles, self.environment, self.env, self.progress.step),
            secrets=self.secrets,
            phases=phases,
        )

    async def verify(self, release: str, directory: Path) -> list[str]:
        """What keeps a release that was brought back from GO."""
        verification = self.verification(release, directory, new_run_id())
        return list(verified(await verification.run()))


@contextmanager
def opened(
    env: str, about: str, *, release: str | None, rehearse: bool, limits: Limits, progress: Progress
) -> Iterator[Site]:
    """Takes the environment's turn, its stack where it has one, and what it declares.

    Args:
        about: What is done, for whoever has to wait.
        release: What a stack that has to be started reports as its release.

    Raises:
        Taken: Another command has its turn.
        UsageError: Before anything is sent.
    """
    file = find(env)
    environment = rehearsal.staged(file) if rehearse else parse(file)
    if not rehearse:
        must_be_set(environment, env)
    if environment.stack is not None:
        plan(imagined(environment))

    def again(of: str) -> str:
        words = ["keyarc-verify", "smoke", "--env", env, *["--rehearse"] * rehearse]
        return shlex.join([*words, "--release", of])

    with (
        turn(environment.name, about),
        leased(file, environment, progress.step, release, rehearse=rehearse) as references,
    ):
        resolved = filled_in(environment, references, rehearse=rehearse)
        yield Site(
            env=env,
            file=file,
            rehearse=rehearse,
            again=again,
            environment=resolved,
            platform=platform_of(resolved, file, references, limits.rollback_s, progress.step),
            ledger=ledger_of(resolved),
            limits=limits,
            progress=progress,
            secrets=(*secrets_in(references), *secrets_of(resolved, os.environ)),
        )

"""What `smoke` does: a stack if one is needed, a verification, a report."""

import asyncio
import os
import shlex
import sys
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TypeVar

from harness import rehearsal
from harness.cli._exits import HOLD, INTERRUPTED, written
from harness.cli._imagined import imagined
from harness.cli._mending import offered
from harness.cli._progress import Progress
from harness.cli._requirements import must_be_set, obstacles
from harness.cli._terminal import coloured, colours
from harness.environment import find, parse, secrets_of
from harness.interruption import interruptible
from harness.journal import how_to_remove
from harness.lease import filled_in, leased, secrets_in
from harness.model import RunRecord
from harness.plan import plan
from harness.records import DEFAULT_PARENT, RunDirectory, new_run_id
from harness.registry import REPORTS
from harness.stack.source import Source
from harness.verification import Verification

Told = TypeVar("Told")


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What the user asked for. `verbosity`: 0 the verdict alone, 1 as usual, 2 every check."""

    env: str
    format: str
    only: str | None
    output: str | None
    timeout_s: float
    release: str | None
    rehearse: bool
    verbosity: int
    database: Source | None = None

    @property
    def command(self) -> str:
        """The same again, without what concerns this run's output alone."""
        words = ["keyarc-verify", "smoke", "--env", self.env, *["--rehearse"] * self.rehearse]
        words += ["--database", self.database] if self.database else []
        return shlex.join([*words, *(["--release", self.release] if self.release else [])])


def smoke_run(request: Request) -> int:
    """Verifies an environment, prints the report, and returns the exit code."""
    REPORTS.load(request.format)
    file = find(request.env)
    environment = rehearsal.staged(file) if request.rehearse else parse(file).to_look_at()
    if not request.rehearse:
        must_be_set(environment, request.env)
    if environment.stack is not None:
        # What the user got wrong is told before a stack is started for it.
        plan(imagined(environment), request.only)
    run_id = new_run_id()
    progress = Progress(verbosity=request.verbosity)
    offered(progress)
    with leased(
        file,
        environment,
        progress.step,
        request.release,
        rehearse=request.rehearse,
        database=request.database,
    ) as references:
        resolved = filled_in(environment, references, rehearse=request.rehearse)
        planned = plan(resolved, request.only)
        progress.total = len(planned.declared)
        verification = Verification(
            plan=planned,
            environment=resolved,
            directory=RunDirectory(Path(request.output or DEFAULT_PARENT / run_id)),
            run_id=run_id,
            timeout_s=request.timeout_s,
            release=request.release,
            listener=progress.result,
            command=request.command,
            obstacles=partial(obstacles, resolved, request.env, progress.step),
            secrets=[*secrets_in(references), *secrets_of(resolved, os.environ)],
        )
        with asyncio.Runner() as runner:
            record = runner.run(interruptibly(verification.run, progress))
    return concluded(verification, record, progress, env=request.env, format_=request.format)


async def interruptibly(run: Callable[[], Awaitable[Told]], progress: Progress) -> Told:
    """Runs it so that Ctrl-C cuts it short in order."""
    with interruptible(progress.say):
        try:
            return await run()
        except asyncio.CancelledError:
            # So often that nothing of it was left that could conclude.
            raise KeyboardInterrupt from None


def concluded(
    verification: Verification, record: RunRecord, progress: Progress, *, env: str, format_: str
) -> int:
    """Prints the report, says what a user has to know whatever the format; gives the exit code.

    Args:
        env: The environment as the user named it.
    """
    progress.over()
    report = REPORTS.load(format_)
    short = progress.verbosity == 0 and format_ == "text"
    text = report.summary(record) if short else report.render(record)
    if verification.left:
        there, left = verification.environment.name, ", ".join(verification.left)
        cure = how_to_remove(env, verification.directory.path)
        progress.say(f"left behind in {there}: {left}; {cure}")
    # That of the verdict; of an interruption, where there was one.
    code = INTERRUPTED if verification.interrupted else record.judgement.verdict.exit_code
    return shown(text, format_, code)


def shown(text: str, format_: str, code: int) -> int:
    """Prints the report. A GO whose report is lost is none: who asked for it has half a file."""
    in_colour = format_ == "text" and colours(sys.stdout)
    problem = written(coloured(text) if in_colour else text)
    if problem:
        sys.stderr.write(f"keyarc-verify: {problem}\n")
        return code or HOLD
    return code

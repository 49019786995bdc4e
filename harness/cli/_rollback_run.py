"""What `rollback` does, by hand or as a job of a pipeline: its options, its words, its code."""

import asyncio
from pathlib import Path

from harness.cli._exits import HOLD, INTERRUPTED
from harness.cli._leaving import Leaving
from harness.cli._progress import Progress
from harness.cli._site import Limits, opened
from harness.cli._smoke_run import interruptibly, shown
from harness.environment import find, parse
from harness.errors import UsageError
from harness.model import Action
from harness.records import DEFAULT_PARENT, new_run_id
from harness.release_id import checked
from reports._printable import printable


def rollback_run(
    env: str,
    limits: Limits,
    *,
    to: str | None,
    release: str | None,
    rehearse: bool,
    output: str | None,
) -> int:
    """Rolls back, says what came of it, and returns the exit code."""
    for named in (to, release):
        if named is not None:
            checked(named)
    if to is not None and to == release:
        raise UsageError(f"--release {release} is to be left, and --to {to} to be gone back to")
    if not rehearse:
        _must_be_up(env)
    progress = Progress(verbosity=1)
    with opened(
        env,
        f"a rollback to {to or 'the last good release'}",
        release=None,
        rehearse=rehearse,
        limits=limits,
        progress=progress,
    ) as site:
        if site.platform is None:
            raise UsageError(f"{env}: a rollback needs a `platform`; none is declared")
        leaving = Leaving(
            site=site,
            platform=site.platform,
            to=to,
            release=release,
            path=Path(output or DEFAULT_PARENT / new_run_id()),
        )
        with asyncio.Runner() as runner:
            told = runner.run(interruptibly(leaving.run, progress))
    lines = [f"action   {told.action}" + (f": {told.target}" if told.target else "")]
    lines += [f"         {printable(line)}" for text in told.why for line in text.splitlines()]
    lines.append(f"evidence {leaving.path}")
    code = 0 if told.action is Action.ROLLED_BACK_VERIFIED else HOLD
    return shown("\n".join(lines) + "\n", "text", INTERRUPTED if leaving.interrupted else code)


def _must_be_up(env: str) -> None:
    """A stack that is started for the run alone has nothing that could be brought back."""
    file = find(env)
    if parse(file).stack is None:
        return
    from harness.stack.state import default_directory, running_references

    if running_references(default_directory(file.stem)) is None:
        raise UsageError(
            f"{file.stem} is not up here; `keyarc-verify up --env {env}` starts it,"
            " and `deploy` brings a release"
        )

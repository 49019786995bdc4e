"""What `deploy` does: takes a release into the store, notes it, and has it replace what runs."""

import time
from dataclasses import dataclass
from pathlib import Path

import typer

from harness import rehearsal
from harness.deployment import shown
from harness.environment import Environment, find, parse
from harness.errors import StackError, UsageError
from harness.lease import filled_in
from harness.ledger import Entry, Event, ledger_of
from harness.records import now
from harness.rehearsal import NAMESERVER
from harness.release_id import checked
from harness.stack import control
from harness.stack.releases import Release, Store, store_of
from harness.stack.state import default_directory, running_references
from harness.stack.trees import parts_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What the user asked for. `origin`: a directory or a git ref; None for a stored release."""

    env: str
    release: str
    origin: str | None
    rehearse: bool


def deploy_release(request: Request) -> None:
    """Deploys a release to the stack that is up here.

    Raises:
        UsageError: The release cannot be had, the environment is not deployed from here, or
            nothing is up.
        StackError: Another deployment is under way, or this one did not succeed.
    """
    started_s = time.monotonic()
    checked(request.release)
    file = find(request.env)
    environment = _environment(request, file)
    state_dir = default_directory(file.stem)
    references = _running(request, file, state_dir)
    status = control.status(state_dir)
    if status["replacing"] is not None:
        raise StackError(f"a replacement by release {status['replacing']} is under way here")
    release = _stored(request, environment, store_of(state_dir))
    _note(filled_in(environment, references, rehearse=request.rehearse), release.release)
    try:
        control.replace(
            state_dir,
            release.release,
            dict.fromkeys(status["services"], release.identity),
            migrate=True,
            progress=_progress,
        )
    except KeyboardInterrupt:
        _progress("the stack finishes what it has begun; `keyarc-verify status` shows it")
        raise
    typer.echo(f"{environment.name} runs {release.release} ({shown(release.identity)})")
    _progress(f"deployed in {time.monotonic() - started_s:.2f} s")


def _environment(request: Request, file: Path) -> Environment:
    """The environment with the stack that is deployed to.

    Raises:
        UsageError: It is deployed by other means.
    """
    if request.rehearse:
        return rehearsal.staged(file)
    environment = parse(file)
    platform = environment.platform.name if environment.platform else "local"
    if platform != "local" or environment.stack is None:
        by = f"is deployed with {platform}'s own tools" if platform != "local" else "has no `stack`"
        hint = " --rehearse` deploys to its rehearsal" if environment.rehearsal else ""
        raise UsageError(
            f"{environment.name} {by}; `deploy` is for stacks of this machine"
            + (f": `keyarc-verify deploy --env {request.env}{hint}" if hint else "")
        )
    return environment


def _running(request: Request, file: Path, state_dir: Path) -> dict[str, str]:
    references = running_references(state_dir)
    named = f"--env {request.env}{' --rehearse' if request.rehearse else ''}"
    if references is None:
        raise UsageError(f"{file.stem} is not up here; `keyarc-verify up {named}` starts it")
    if request.rehearse and NAMESERVER not in references:
        raise UsageError(
            f"the stack of {file.stem} that is up here was not started to rehearse; "
            f"`keyarc-verify down --env {request.env}` ends it"
        )
    return dict(references)


def _stored(request: Request, environment: Environment, store: Store) -> Release:
    """The release, in the store.

    Raises:
        UsageError: It is not there and cannot be taken, or is not what it was.
    """
    if request.origin is None:
        release = store.find(request.release)
        damage = release.damage()
        if damage:
            raise UsageError(damage)
        return release
    from harness.stack.origin import opened

    with opened(request.origin, parts_of(environment)) as (sources, source):
        return store.take(request.release, sources, source)


def _note(environment: Environment, release: str) -> None:
    """Has the ledger know of it before it begins: who rolls back must see that it came later."""
    entry = Entry(event=Event.DEPLOYED, environment=environment.name, release=release, at=now())
    ledger_of(environment).append(entry)


def _progress(text: str) -> None:
    typer.echo(text, err=True)

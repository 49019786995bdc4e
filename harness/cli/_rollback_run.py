"""What `rollback` does, by hand: the rules of the gate, the platform, the target's checks."""

import asyncio
from pathlib import Path

from harness.cli._exits import HOLD
from harness.cli._progress import Progress
from harness.cli._site import Limits, Site, opened
from harness.cli._smoke_run import shown
from harness.deployment import State, same
from harness.environment import find, parse
from harness.errors import UsageError
from harness.exchange import EvidenceClient
from harness.ledger import Entry, Event, History
from harness.model import Action
from harness.network import Network
from harness.platforms import Platform
from harness.records import DEFAULT_PARENT, new_run_id, now
from harness.redaction import Redactor
from harness.release_id import checked
from harness.rollback import Rollback
from harness.rules import NO_TARGET, Case, objections
from harness.system import System
from reports._printable import printable

_UNKNOWN = "unknown"


def rollback_run(
    env: str, to: str | None, limits: Limits, *, rehearse: bool, output: str | None
) -> int:
    """Rolls back, says what came of it, and returns the exit code."""
    if to is not None:
        checked(to)
    if not rehearse:
        _must_be_up(env)
    with opened(
        env,
        f"a rollback to {to or 'the last good release'}",
        release=None,
        rehearse=rehearse,
        limits=limits,
        progress=Progress(verbosity=1),
    ) as site:
        if site.platform is None:
            raise UsageError(f"{env}: a rollback needs a `platform`; none is declared")
        directory = Path(output or DEFAULT_PARENT / new_run_id())
        action, why, target = asyncio.run(_roll_back(site, site.platform, to, directory))
        why = tuple(map(Redactor(site.secrets).prose, why))
    lines = [f"action   {action}" + (f": {target}" if target else "")]
    lines += [f"         {printable(line)}" for text in why for line in text.splitlines()]
    if action is not Action.HELD:
        lines.append(f"evidence {directory}")
    done = action is Action.ROLLED_BACK_VERIFIED
    return shown("\n".join(lines) + "\n", "text", 0 if done else HOLD)


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


async def _roll_back(
    site: Site, platform: Platform, to: str | None, directory: Path
) -> tuple[Action, tuple[str, ...], str | None]:
    history = History(site.ledger.entries())
    running = await platform.identify()
    client = EvidenceClient(Network.of(site.environment))
    system = System(site.environment, client)
    try:
        target = _target(history, running, to)
        if target is None:
            return Action.HELD, (NO_TARGET,), None
        if same(target.vector, running.vector):
            # Noted as a rollback away from itself, it would lose its GO.
            return Action.HELD, (f"{target.release} is what runs already",), target.release
        said = await system.releases() | _releases(running)
        leaves = next(iter(said)) if len(said) == 1 else _UNKNOWN
        case = Case(
            release=None if leaves == _UNKNOWN else leaves,
            judged=running,
            running=running,
            history=history,
            target=target,
            platform=platform,
            system=system,
            begun_at=now(),
        )
        found = await objections(case)
    finally:
        await client.close()
    if found:
        return Action.HELD, tuple(found), target.release
    rollback = Rollback(
        environment=site.environment.name,
        leaves=leaves,
        target=target,
        platform=platform,
        ledger=site.ledger,
        verify=lambda release: site.verify(release, directory),
        redact=Redactor(site.secrets).prose,
        progress=site.progress.step,
        run_id=directory.name,
    )
    action, why = await rollback.run()
    return action, why, target.release


def _target(history: History, running: State, to: str | None) -> Entry | None:
    """The release that is asked for, which has to have earned GO here; else the last one."""
    if to is None:
        return history.target(None, running.vector)
    standing = history.standing(to)
    if standing is None or standing.event is not Event.GO:
        good = dict.fromkeys(
            entry.release
            for entry in reversed(history.entries)
            if history.standing(entry.release) is entry and entry.event is Event.GO
        )
        raise UsageError(
            f"{to} has no GO here that still counts; these have: {', '.join(good) or 'none'}"
        )
    return standing


def _releases(running: State) -> set[str]:
    return {
        artifact.release
        for service in running.services.values()
        for artifact in service.artifacts
        if artifact.release is not None
    }

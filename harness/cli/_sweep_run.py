"""What `sweep` does: finds the journals of an environment, or its database, and tells."""

import asyncio
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from harness.cli._exits import HOLD
from harness.cli._requirements import must_be_set
from harness.cli._smoke_run import shown
from harness.environment import Environment, find, parse, resolve, secrets_of
from harness.errors import HarnessError, UsageError
from harness.exchange import EvidenceClient
from harness.journal import journals, read
from harness.lease import secrets_in
from harness.network import Network
from harness.pace import Pace
from harness.records import DEFAULT_PARENT
from harness.redaction import Redactor
from harness.stack.state import default_directory, running_references
from harness.sweep import Sweep, Swept, of_place
from harness.target import Target


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What the user asked for."""

    env: str
    age_s: float
    runs: str | None
    is_dry: bool


def sweep_run(request: Request) -> int:
    """Removes what is left, says what became of it, and returns the exit code.

    Raises:
        UsageError: Nothing may be removed there, or something is missing for it.
        HarnessError: It cannot be told what is left, or cannot be reached.
    """
    file = find(request.env)
    declared = parse(file).to_look_at()
    if not declared.may_write:
        raise UsageError(
            f"{declared.name} is read-only (policy.write): no run makes anything there, "
            "and nothing is removed"
        )
    found, problems = of_place(_journals(request), declared)
    has_database = declared.insight.database is not None
    if not found and not problems and not has_database:
        raise HarnessError(
            f"nobody can tell what is left in {declared.name}: there is no journal of a run in it "
            f"below {request.runs or DEFAULT_PARENT} (--runs DIR), and no insight.database"
        )
    is_left = any(read(file).left for file in found)
    references = running_references(default_directory(file.stem)) or {}
    is_down = declared.stack is not None and not references
    if is_down and is_left:
        raise HarnessError(
            f"{declared.name} is not up, and runs have left something in it: "
            f"`keyarc-verify up --env {request.env}` starts it"
        )
    swept = Swept(unreadable=problems)
    secrets: list[str] = []
    if not is_down and (is_left or has_database):
        must_be_set(declared, request.env)
        environment = resolve(declared, references, os.environ)
        secrets = [*secrets_in(references), *secrets_of(environment, os.environ)]
        swept = asyncio.run(_swept(environment, request, found))
        swept.unreadable += problems
    text = "\n".join([*_told(swept, request), *_summary(swept, request, len(found))])
    return shown(f"{Redactor(secrets).prose(text)}\n", "text", 0 if swept.is_clean else HOLD)


def _journals(request: Request) -> list[Path]:
    folder = Path(request.runs or DEFAULT_PARENT)
    if request.runs is not None and not folder.is_dir():
        raise UsageError(f"--runs: there is no folder {folder}")
    return journals(folder)


async def _swept(environment: Environment, request: Request, found: list[Path]) -> Swept:
    client = EvidenceClient(Network.of(environment), Pace.of(environment))
    targets = {
        name: Target(name, service, client) for name, service in environment.services.items()
    }
    sweep = Sweep(environment, targets, age_s=request.age_s, is_dry=request.is_dry)
    database = environment.insight.database
    try:
        if database is not None:
            await sweep.database(database.get_secret_value(), found)
        for file in found:
            await sweep.replay(file)
    finally:
        await client.close()
    return sweep.swept


def _told(swept: Swept, request: Request) -> Iterator[str]:
    """One line for each thing."""
    done = "would remove" if request.is_dry else "removed"
    yield from (f"{done}: {one}" for one in swept.removed)
    yield from (f"was not there: {one}" for one in swept.absent)
    yield from (f"still going on: run {one}" for one in swept.going_on)
    yield from (f"left alone: {one}" for one in swept.unreadable)
    yield from (f"left: {one}" for one in swept.left)


def _summary(swept: Swept, request: Request, runs: int) -> Iterator[str]:
    """The totals; of nothing at all, where that was looked for."""
    counts = {
        "would be removed" if request.is_dry else "removed": len(swept.removed),
        "not there": len(swept.absent),
        "too young": swept.younger,
        "left": len(swept.left),
    }
    told = [f"{count} {what}" for what, count in counts.items() if count]
    yield ", ".join(told) or f"nothing to remove; {runs} journal{'s' * (runs != 1)} read"

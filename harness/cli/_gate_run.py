"""What `gate` does: the release's verification, its bake and suites, and what follows."""

import asyncio
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from harness.bake import Bake
from harness.cli._mending import offered
from harness.cli._progress import Progress
from harness.cli._site import Limits, Site, opened
from harness.cli._smoke_run import concluded, interruptibly, shown
from harness.errors import UsageError
from harness.gate import Gate
from harness.phase import Limited
from harness.records import DEFAULT_PARENT, new_run_id
from harness.redaction import Redactor
from harness.registry import REPORTS
from harness.release_id import checked
from harness.verification import Verification

if TYPE_CHECKING:
    from harness.collection import Collection

# After the last round of a bake was begun, it has this long to end.
_LAST_ROUND_S = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What the user asked for. `verbosity`: 0 the verdict alone, 1 as usual, 2 every check."""

    env: str
    release: str
    rollback: bool
    bake: Bake | None
    suites: tuple[str, ...]
    dry_run: bool
    limits: Limits
    rehearse: bool
    format: str
    output: str | None
    verbosity: int


def gate_run(request: Request) -> int:
    """Judges a release, acts on the verdict, prints the report, and returns the exit code."""
    REPORTS.load(request.format)
    checked(request.release)
    progress = Progress(verbosity=request.verbosity)
    offered(progress)
    with opened(
        request.env,
        f"release {request.release} at the gate",
        release=request.release,
        rehearse=request.rehearse,
        limits=request.limits,
        progress=progress,
    ) as site:
        if request.rollback and site.platform is None:
            raise UsageError(f"{request.env}: a rollback needs a `platform`; none is declared")
        site, collections = _with_suites(site, request.suites)
        if request.dry_run:
            return _dry(site, request, collections)
        verification = _verification(site, request, collections)
        gate = Gate(
            verification=verification,
            release=request.release,
            platform=site.platform,
            ledger=site.ledger,
            roll_back=request.rollback,
            verify=partial(site.verify, directory=verification.directory.path / "rollback"),
            progress=progress.step,
        )
        progress.total = len(gate.verification.plan.declared)
        with asyncio.Runner() as runner:
            record = runner.run(interruptibly(gate.run, progress))
    return concluded(gate.verification, record, progress, env=request.env, format_=request.format)


def _with_suites(site: Site, names: Sequence[str]) -> tuple[Site, "list[Collection]"]:
    """The site with suites of checks beside its own, and what pytest collects of the others.

    Raises:
        UsageError: There is no such suite, or it cannot be used.
    """
    if not names:
        return site, []
    from harness.part import find_part

    parts = [find_part(name) for name in dict.fromkeys(names)]
    packages = [part.package for part in parts if part.package]
    suites = [*dict.fromkeys([*site.environment.suites, *packages])]
    site = replace(site, environment=site.environment.model_copy(update={"suites": suites}))
    redactor = Redactor(site.secrets)

    async def collected() -> "list[Collection]":
        tests = [part for part in parts if not part.package]
        for part in tests:
            site.progress.step(f"collecting {part.name}")
        return [
            await part.declare(site.environment, site.file, redactor, rehearse=site.rehearse)
            for part in tests
        ]

    return site, asyncio.run(collected())


def _verification(
    site: Site, request: Request, collections: "Sequence[Collection]"
) -> Verification:
    """That of a release, with what the user wants of it beside its checks."""
    run_id = new_run_id()
    directory = Path(request.output or DEFAULT_PARENT / run_id)
    made = site.verification(request.release, directory, run_id)
    made.early = True
    declared = made.plan.declared
    if collections:
        from harness.collection import joined

        made.plan = joined(made.plan, site.environment, collections)
        declared = made.plan.declared
        made.phases = (
            *made.phases,
            *(Limited(f"suite {each.name}", each, request.limits.suite_s) for each in collections),
        )
        made.timeout_s += len(collections) * request.limits.suite_s
    if request.bake is not None:
        made.phases = (*made.phases, request.bake)
        made.timeout_s += request.bake.window_s + _LAST_ROUND_S
        declared += request.bake.declared
    made.plan = replace(made.plan, declared=declared)
    return made


def _dry(site: Site, request: Request, collections: "Sequence[Collection]") -> int:
    from harness.cli._gate_dry import would

    with tempfile.TemporaryDirectory() as nowhere:
        unwritten = replace(request, output=str(Path(nowhere) / "run"))
        verification = _verification(site, unwritten, collections)
        told = asyncio.run(
            would(verification, site.ledger, site.platform, roll_back=request.rollback)
        )
    return shown(told, "text", 0)

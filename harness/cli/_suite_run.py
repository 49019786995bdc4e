"""What a command of a whole suite does: the services' health, the suite's tests, a report."""

import asyncio
import os
import shlex
from dataclasses import dataclass, replace
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from harness import rehearsal
from harness.cli._mending import offered
from harness.cli._progress import Progress
from harness.cli._requirements import must_be_set, obstacles
from harness.cli._smoke_run import concluded, interruptibly
from harness.environment import Environment, find, parse, secrets_of
from harness.errors import UsageError
from harness.lease import filled_in, leased, secrets_in
from harness.phase import Checks, Whole
from harness.plan import Plan, plan_of
from harness.records import DEFAULT_PARENT, RunDirectory, new_run_id
from harness.redaction import Redactor
from harness.registry import CHECKS, REPORTS
from harness.stack.source import Source
from harness.verification import Verification

if TYPE_CHECKING:
    from harness.collection import Collection


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What the user asked for. `verbosity`: 0 the verdict alone, 1 as usual, 2 every test."""

    suite: str
    env: str
    format: str
    only: str | None
    output: str | None
    timeout_s: float
    workers: int | None
    shuffle: str | None
    rehearse: bool
    database: Source | None
    verbosity: int

    @property
    def command(self) -> str:
        """The same again, without what concerns this run's output alone."""
        words = ["keyarc-verify", self.suite, "--env", self.env]
        words += ["--database", self.database] if self.database else []
        words += ["--shuffle", self.shuffle] if self.shuffle is not None else []
        return shlex.join([*words, *["--rehearse"] * self.rehearse])

    @property
    def words(self) -> tuple[str, ...]:
        """What pytest is told beside the environment."""
        workers = () if self.workers is None else (f"--numprocesses={self.workers}",)
        return (*workers, *(() if self.shuffle is None else (f"--shuffle={self.shuffle}",)))


def suite_run(request: Request) -> int:
    """Runs a suite against an environment, prints the report, and returns the exit code."""
    REPORTS.load(request.format)
    file = find(request.env)
    environment = rehearsal.staged(file) if request.rehearse else parse(file).to_look_at()
    if request.workers and find_spec("xdist") is None:
        raise UsageError("-n: pytest-xdist is missing here; `pip install 'keyarc-verify[test]'`")
    if not request.rehearse:
        must_be_set(environment, request.env)
    run_id = new_run_id()
    progress = Progress(verbosity=request.verbosity)
    offered(progress)
    collection = _collected(request, environment, file, progress)
    with leased(
        file,
        environment,
        progress.step,
        rehearse=request.rehearse,
        database=request.database,
    ) as references:
        resolved = filled_in(environment, references, rehearse=request.rehearse)
        verification = Verification(
            plan=_plan(resolved, collection, request.only),
            environment=resolved,
            directory=RunDirectory(Path(request.output or DEFAULT_PARENT / run_id)),
            run_id=run_id,
            timeout_s=request.timeout_s,
            listener=progress.result,
            command=request.command,
            obstacles=partial(obstacles, resolved, request.env, progress.step),
            secrets=[*secrets_in(references), *secrets_of(resolved, os.environ)],
            phases=(Whole((Checks(), collection)),),
        )
        progress.total = len(verification.plan.declared)
        with asyncio.Runner() as runner:
            record = runner.run(interruptibly(verification.run, progress))
    return concluded(verification, record, progress, env=request.env, format_=request.format)


def _collected(
    request: Request, environment: Environment, file: Path, progress: Progress
) -> "Collection":
    """The suite's tests, before anything is started for them."""
    from harness.part import find_part

    progress.step(f"collecting {request.suite}")
    part = find_part(request.suite)
    redactor = Redactor(secrets_of(environment, os.environ))
    collection = asyncio.run(part.declare(environment, file, redactor, rehearse=request.rehearse))
    collection = replace(collection, words=(*collection.words, *request.words))
    return collection.only(request.only) if request.only else collection


def _plan(environment: Environment, collection: "Collection", only: str | None) -> Plan:
    """Health first: of a service that is down, a whole suite has no more to say."""
    from harness.collection import joined

    health = plan_of(environment, CHECKS.load("health").derive(environment), resources={})
    # What else an environment requires is not asked of a suite.
    plan = replace(health, shortfalls=(), selection=only)
    return joined(plan, environment, [collection])

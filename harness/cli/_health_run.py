"""What `health` does: what can be seen of health as it is, then the matrix of faults."""

import asyncio
import os
import shlex
from collections.abc import AsyncIterator, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager, closing
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from harness import rehearsal
from harness.check import Check
from harness.cli._mending import offered
from harness.cli._progress import Progress
from harness.cli._requirements import must_be_set, obstacles
from harness.cli._smoke_run import concluded, interruptibly
from harness.collection import joined
from harness.environment import Environment, find, parse, secrets_of
from harness.errors import RecordsError, UsageError
from harness.faults import Ability
from harness.journal import Journal, place_of
from harness.lease import filled_in, leased, secrets_in
from harness.matrix.choice import Choice, choice, lanes_by_default
from harness.matrix.lane import Lane, lane, opened
from harness.matrix.phase import Matrix
from harness.model import RunRecord
from harness.phase import Checks, Whole
from harness.plan import Plan, matches, plan_of
from harness.records import DEFAULT_PARENT, RunDirectory, new_run_id
from harness.registry import CHECKS, REPORTS
from harness.stack.state import StateDirectory, default_directory
from harness.verification import Verification

_OWN: frozenset[Ability] = frozenset({"links", "processes", "settings", "database"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What the user asked for. `verbosity`: 0 the verdict alone, 1 as usual, 2 every trial."""

    env: str
    format: str
    only: str | None
    pairs: int
    seed: int
    lanes: int | None
    here: bool
    in_production: bool
    timeout_s: float
    rehearse: bool
    output: str | None
    verbosity: int

    @property
    def command(self) -> str:
        """The same again, without what concerns this run's output alone."""
        words = ["keyarc-verify", "health", "--env", self.env]
        words += ["--pairs", str(self.pairs)] if self.pairs else []
        words += ["--seed", str(self.seed)] if self.seed else []
        flags = {"--here": self.here, "--in-production": self.in_production}
        words += [name for name, given in flags.items() if given]
        return shlex.join([*words, *["--rehearse"] * self.rehearse])


def health_run(request: Request) -> int:
    """Runs it, prints the report, and returns the exit code."""
    REPORTS.load(request.format)
    file = find(request.env)
    environment = rehearsal.staged(file) if request.rehearse else parse(file).to_look_at()
    if environment.faults.workload is None:
        # What suites need to make users with is not needed to look at health.
        environment = environment.model_copy(update={"variables": {}})
    if not request.rehearse:
        must_be_set(environment, request.env, "health")
    progress = Progress(verbosity=request.verbosity)
    offered(progress)
    chosen = _chosen(request, environment)
    run_id = new_run_id()
    with leased(file, environment, progress.step, rehearse=request.rehearse) as references:
        resolved = filled_in(environment, references, rehearse=request.rehearse)
        planned = _planned(resolved, request.only, chosen)
        directory = RunDirectory(Path(request.output or DEFAULT_PARENT / run_id))
        matrix = _matrix(request, file, environment, references, chosen, run_id, directory)
        verification = Verification(
            plan=joined(planned, resolved, [matrix]),
            environment=resolved,
            directory=directory,
            run_id=run_id,
            timeout_s=request.timeout_s,
            listener=progress.result,
            command=request.command,
            obstacles=partial(obstacles, resolved, request.env, progress.step, "health"),
            secrets=[*secrets_in(references), *secrets_of(resolved, os.environ)],
            phases=(Whole((Checks(), matrix)),),
        )
        progress.total = len(verification.plan.declared)
        with asyncio.Runner() as runner:
            record = runner.run(interruptibly(verification.run, progress))
    _keep_page(record, progress)
    return concluded(verification, record, progress, env=request.env, format_=request.format)


def _chosen(request: Request, environment: Environment) -> Choice:
    if request.rehearse:
        # What is deployed is what this is about, not the stack that stands for it.
        environment = environment.model_copy(update={"stack": None})
    abilities = _OWN | _more()
    if request.here:
        abilities = _of_what_is_up(environment, find(request.env))
    return choice(
        environment,
        abilities=abilities,
        only=request.only,
        count_of_pairs=request.pairs,
        seed=request.seed,
        in_production=request.in_production,
    )


def _more() -> frozenset[Ability]:
    """What only some machines can do."""
    from harness.stack import disk

    return frozenset({"disk"}) if disk.can_be_limited() else frozenset()


def _of_what_is_up(environment: Environment, file: Path) -> frozenset[Ability]:
    state = StateDirectory(default_directory(file.stem))
    if state.references() is None:
        raise UsageError(
            f"--here: no stack of {environment.name} is up; `keyarc-verify up --links`"
        )
    has_links = state.links.exists()
    return _OWN if has_links else _OWN - {"links"}


def _planned(environment: Environment, only: str | None, chosen: Choice) -> Plan:
    """Health as it is goes first: of a system that is not well, faults have nothing to say."""
    from harness import truth

    checks = list(CHECKS.load("health").derive(environment))
    truths: list[Check] = list(truth.derive(environment))
    kept = [check for check in truths if only is None or matches(check.id, only)]
    if only is not None and not kept and not chosen.trials:
        named = ", ".join(sorted({_group(id_) for id_ in chosen.left_out}))
        raise UsageError(f"nothing matches {only!r}; there are: truth.*, {named or 'no trials'}")
    planned = plan_of(environment, [*checks, *kept], resources={})
    # What else an environment requires is not asked of this command.
    left_out = len(truths) - len(kept)
    excluded = (*planned.excluded, *truth.left_out(environment))
    return replace(planned, shortfalls=(), selection=only, left_out=left_out, excluded=excluded)


def _group(trial_id: str) -> str:
    return ".".join(trial_id.split(".")[:2]) + ".*"


def _matrix(
    request: Request,
    file: Path,
    environment: Environment,
    references: Mapping[str, str],
    chosen: Choice,
    run_id: str,
    directory: RunDirectory,
) -> Matrix:
    def of_its_own(number: int) -> AbstractAsyncContextManager[Lane]:
        return lane(file, run_id, request.seed + number)

    @asynccontextmanager
    async def what_is_up(number: int) -> AsyncIterator[Lane]:
        state = StateDirectory(default_directory(file.stem))
        journal = Journal(directory.path, run_id, place_of(environment))
        seed = request.seed + number
        with closing(journal):
            async with opened(environment, references, state, journal=journal, seed=seed) as one:
                yield one

    return Matrix(
        trials=chosen.trials,
        declared=chosen.declared,
        excluded=chosen.excluded,
        left_out=chosen.left_out,
        open_lane=what_is_up if request.here else of_its_own,
        lanes=1 if request.here else request.lanes or lanes_by_default(),
        env=request.env,
        cure="`keyarc-verify heal`, or the end of all of it: "
        f"`keyarc-verify down --env {shlex.quote(request.env)}`"
        if request.here
        else "the stack that it was in is gone",
    )


def _keep_page(record: RunRecord, progress: Progress) -> None:
    """The matrix as a page, beside the rest of the evidence; the verdict does not depend on it."""
    from reports.html import leave

    if not any(result.cell for result in record.results):
        return
    try:
        leave(record)
    except RecordsError as error:
        progress.say(str(error))

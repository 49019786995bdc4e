"""What `smoke` does: a stack if one is needed, a verification, a report."""

import asyncio
import os
import sys
from dataclasses import dataclass
from pathlib import Path

from harness.cli._exits import INTERRUPTED
from harness.environment import find, parse, resolve
from harness.interruption import interruptible
from harness.lease import leased, secrets_in
from harness.model import Result, RunRecord
from harness.plan import plan
from harness.records import DEFAULT_PARENT, RunDirectory, new_run_id
from harness.registry import REPORTS
from harness.verification import Verification


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What the user asked for. `verbosity`: 0 the verdict alone, 1 as usual, 2 every check."""

    env: str
    format: str
    only: str | None
    output: str | None
    timeout_s: float
    verbosity: int


def smoke_run(request: Request) -> int:
    """Verifies an environment, prints the report, and returns the exit code."""
    report = REPORTS.load(request.format)
    file = find(request.env)
    environment = parse(file)
    planned = plan(environment, request.only)
    run_id = new_run_id()
    progress = _tell if request.verbosity else _tell_nothing
    with leased(file, environment, progress) as references:
        verification = Verification(
            plan=planned,
            environment=resolve(environment, references, os.environ),
            directory=RunDirectory(Path(request.output or DEFAULT_PARENT / run_id)),
            run_id=run_id,
            timeout_s=request.timeout_s,
            listener=_tell_result if request.verbosity > 1 else _tell_nothing,
            secrets=secrets_in(references),
        )
        with asyncio.Runner() as runner:
            record = runner.run(_interruptible(verification))
    short = request.verbosity == 0 and request.format == "text"
    sys.stdout.write(report.summary(record) if short else report.render(record))
    sys.stdout.flush()
    return _exit_code(verification, record)


async def _interruptible(verification: Verification) -> RunRecord:
    with interruptible(_tell):
        return await verification.run()


def _exit_code(verification: Verification, record: RunRecord) -> int:
    if verification.left:
        _tell(f"left behind in {record.manifest.environment}: {', '.join(verification.left)}")
    return INTERRUPTED if verification.interrupted else record.judgement.verdict.exit_code


def _tell(line: str) -> None:
    sys.stderr.write(f"{line}\n")
    sys.stderr.flush()


def _tell_result(result: Result) -> None:
    _tell(f"{result.outcome:<8} {result.id}  {result.duration_ms:.0f} ms")


def _tell_nothing(anything: object) -> None:
    return

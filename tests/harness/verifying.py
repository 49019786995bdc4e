"""Runs checks that a test wrote, with the real runner, and hands back the record."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from harness.attempt import Limits
from harness.check import Check, Resource, mark_of
from harness.environment import Environment
from harness.model import Outcome, Result, RunRecord
from harness.plan import plan_of
from harness.records import RunDirectory
from harness.verification import Verification

Function = Callable[..., Any]


def environment(services: Mapping[str, Any]) -> Environment:
    """An environment; a service is a URL or all that a file would say of it."""
    sections = {n: {"url": s} if isinstance(s, str) else s for n, s in services.items()}
    return Environment.model_validate({"name": "test", "services": sections})


def checks_of(*functions: Function) -> list[Check]:
    made = []
    for function in functions:
        mark = mark_of(function)
        assert mark is not None
        assert mark.service is not None
        made.append(
            Check(
                id=function.__name__,
                service=mark.service,
                function=function,
                writes=mark.writes,
            )
        )
    return made


def resources_of(*functions: Function) -> dict[str, Resource]:
    marks = {function: mark_of(function) for function in functions}
    return {
        f.__name__: Resource(name=f.__name__, function=f, writes=mark is not None and mark.writes)
        for f, mark in marks.items()
    }


async def verified(
    where: Environment,
    checks: list[Check],
    directory: Path,
    *resources: Function,
    **options: Any,
) -> RunRecord:
    """The record of a run of these checks."""
    verification = Verification(
        plan=plan_of(where, checks, resources=resources_of(*resources)),
        environment=where,
        directory=RunDirectory(directory),
        run_id="test",
        **options,
    )
    return await verification.run()


def outcomes(record: RunRecord) -> dict[str, Outcome]:
    return {result.id: result.outcome for result in record.results}


def only(record: RunRecord) -> Result:
    [result] = record.results
    return result


FAST = Limits(work_s=0.3, cleanup_s=0.2)

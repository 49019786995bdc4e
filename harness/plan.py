"""What is to run in an environment: generic checks, the checks of its suites, and their needs."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase

from harness.check import Check, Resource
from harness.environment import Environment
from harness.errors import UsageError
from harness.model import Declared
from harness.registry import CHECKS
from harness.suite import Suite, load

FOR_ALL = frozenset({"environment", "targets", "journal", "secrets"})
FOR_CHECKS = FOR_ALL | {"service", "target", "cleanup"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What is to run. `left_out` counts the checks that a selection keeps from running."""

    checks: tuple[Check, ...]
    resources: Mapping[str, Resource]
    declared: tuple[Declared, ...]
    selection: str | None = None
    left_out: int = 0


def plan(environment: Environment, only: str | None = None) -> Plan:
    """All that the environment declares, or those checks whose id matches.

    Args:
        only: A pattern such as `health.*`; a part of an id will do.

    Raises:
        UsageError: A suite cannot be used, or nothing matches.
    """
    suites = [load(package) for package in environment.suites]
    derived = [c for module in CHECKS.load_all().values() for c in module.derive(environment)]
    checks = [*derived, *(check for suite in suites for check in suite.checks)]
    return plan_of(environment, checks, resources=merged(suites), only=only)


def plan_of(
    environment: Environment,
    checks: Iterable[Check],
    *,
    resources: Mapping[str, Resource],
    only: str | None = None,
) -> Plan:
    """The same for given checks."""
    every = tuple(checks)
    _must_be_usable(environment, every)
    chosen = tuple(check for check in every if only is None or _matches(check.id, only))
    if only is not None and not chosen:
        known = ", ".join(sorted(check.id for check in every)) or "none"
        raise UsageError(f"no check matches {only!r}; there are: {known}")
    needed: dict[str, Resource] = {}
    for check in chosen:
        for need in check.needs:
            if need not in FOR_CHECKS:
                _require(need, (check.id,), (resources, needed))
    return Plan(
        checks=chosen,
        resources=needed,
        declared=(*map(_declared_resource, needed.values()), *map(_declared_check, chosen)),
        selection=only,
        left_out=len(every) - len(chosen),
    )


def _require(
    name: str,
    path: tuple[str, ...],
    found: tuple[Mapping[str, Resource], dict[str, Resource]],
) -> None:
    resources, needed = found
    if name in path:
        raise UsageError(f"resources need each other in a circle: {' → '.join((*path, name))}")
    if name not in resources:
        known = ", ".join(sorted({*FOR_CHECKS, *resources}))
        raise UsageError(f"{path[-1]} needs {name!r}, which nothing provides; known: {known}")
    for need in resources[name].needs:
        if need not in FOR_ALL:
            _require(need, (*path, name), found)
    needed[name] = resources[name]


def _must_be_usable(environment: Environment, checks: tuple[Check, ...]) -> None:
    seen = set[str]()
    for check in checks:
        if check.service not in environment.services:
            known = ", ".join(environment.services)
            raise UsageError(f"{check.id} is about service {check.service!r}; declared: {known}")
        if check.id in seen:
            raise UsageError(f"two checks have the id {check.id}")
        seen.add(check.id)


def merged(suites: list[Suite]) -> dict[str, Resource]:
    """Every resource of several suites, by name."""
    merged: dict[str, Resource] = {}
    for name, made in _each_resource(suites):
        if merged.setdefault(name, made).function is not made.function:
            raise UsageError(f"two suites have a resource named {name}")
        if name in FOR_CHECKS:
            raise UsageError(f"a resource is named {name}, which is built in")
    return merged


def _each_resource(suites: list[Suite]) -> Iterator[tuple[str, Resource]]:
    for suite in suites:
        yield from suite.resources.items()


def _matches(id_: str, pattern: str) -> bool:
    return fnmatchcase(id_, pattern) or pattern in id_


def _declared_check(check: Check) -> Declared:
    return Declared(id=check.id, service=check.service, promise=check.promise)


def _declared_resource(resource: Resource) -> Declared:
    return Declared(id=resource_id(resource.name), kind="resource", promise=resource.promise)


def resource_id(name: str) -> str:
    return f"resource.{name}"

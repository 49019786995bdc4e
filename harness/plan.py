"""What is to run in an environment: generic checks, the checks of its suites, and their needs."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from fnmatch import fnmatchcase

from harness.check import Check, Resource
from harness.environment import Allowance, Environment
from harness.errors import UsageError
from harness.model import Declared, Excluded
from harness.registry import CHECKS
from harness.suite import Suite, folders, load

# The group of checks that `--release` is for.
RELEASE = "release."
FOR_ALL = frozenset(
    {"environment", "targets", "journal", "secrets", "release", "network", "traffic"}
)
# Groups that no plan has: a command of their own adds them to it.
_ELSEWHERE = frozenset({"faults", "truth"})
FOR_CHECKS = FOR_ALL | {"service", "target", "cleanup"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What is to run.

    Attributes:
        excluded: What policy, or the environment file's `checks`, keeps from running.
        shortfalls: A line for each group of checks that has fewer than `required.at_least`.
        left_out: How many checks a selection keeps from running.
    """

    checks: tuple[Check, ...]
    resources: Mapping[str, Resource]
    declared: tuple[Declared, ...]
    excluded: tuple[Excluded, ...] = ()
    shortfalls: tuple[str, ...] = ()
    selection: str | None = None
    left_out: int = 0

    @property
    def looks_at_releases(self) -> bool:
        """Whether a check that decides compares releases."""
        return any(item.required and item.id.startswith(RELEASE) for item in self.declared)


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
    for pattern in environment.checks:
        is_known = any(fnmatchcase(check.id, pattern) for check in checks)
        if not is_known and not _is_of_tests(pattern):
            raise UsageError(f"checks: {pattern}: no check has this id; {_there_are(checks)}")
    return plan_of(environment, checks, resources=merged(suites), only=only)


def plan_of(
    environment: Environment,
    checks: Iterable[Check],
    *,
    resources: Mapping[str, Resource],
    only: str | None = None,
    today: date | None = None,
) -> Plan:
    """The same for given checks.

    Args:
        today: Decides which entries of `checks` in the file still hold; the present day in UTC.
    """
    every = tuple(checks)
    _must_be_usable(environment, every)
    allowances = Allowances(environment, today or datetime.now(UTC).date())
    needs = {check.id: _needed(check, resources) for check in every}
    excluded = {
        check.id: reason
        for check in every
        if (reason := allowances.exclusion(check, needs[check.id].values()))
    }
    allowed = [check for check in every if check.id not in excluded]
    declared = {check.id: allowances.declared(check) for check in allowed}
    chosen = tuple(check for check in allowed if only is None or matches(check.id, only))
    if only is not None and not chosen:
        raise UsageError(f"no check matches {only!r}; {_there_are(allowed)}")
    needed = {name: made for check in chosen for name, made in needs[check.id].items()}
    return Plan(
        checks=chosen,
        resources=needed,
        declared=(
            *map(_declared_resource, needed.values()),
            *(declared[check.id] for check in chosen),
        ),
        excluded=tuple(
            Excluded(id=c.id, reason=excluded[c.id], service=c.service, promise=c.promise)
            for c in every
            if c.id in excluded
        ),
        shortfalls=tuple(shortfalls(environment, declared.values(), _groups(environment))),
        selection=only,
        left_out=len(allowed) - len(chosen),
    )


def _is_of_tests(pattern: str) -> bool:
    """Whether it is about a suite of tests, or about faults: who runs those looks at it then."""
    if pattern.partition(".")[0] in _ELSEWHERE:
        return True
    folder = folders().get(pattern.partition(".")[0])
    return folder is not None and folder.holds_tests


class Allowances:
    """What an environment's policy and its `checks` say of each check, on one day."""

    def __init__(self, environment: Environment, today: date) -> None:
        self._environment = environment
        self._today = today

    def exclusion(self, check: Check, resources: Iterable[Resource]) -> str | None:
        """Why a check does not run; None where it does."""
        writes = check.writes or any(resource.writes for resource in resources)
        if writes and not self._environment.may_write:
            return "makes data, and this environment is read-only (policy.write)"
        allowance = self._of(check)
        if allowance is None or allowance.mode != "off" or not allowance.holds(self._today):
            return None
        return f"off: {_told(allowance)}"

    def declared(self, check: Check) -> Declared:
        declared = Declared(id=check.id, service=check.service, promise=check.promise)
        allowance = self._of(check)
        if allowance is None:
            return declared
        if not allowance.holds(self._today):
            expired = f"{allowance.mode} no longer: {_told(allowance)}"
            return replace(declared, allowance=expired)
        return replace(declared, required=False, allowance=f"advisory: {_told(allowance)}")

    def _of(self, check: Check) -> Allowance | None:
        entries = self._environment.checks
        if check.id in entries:
            return entries[check.id]
        return next((a for pattern, a in entries.items() if fnmatchcase(check.id, pattern)), None)


def _told(allowance: Allowance) -> str:
    return f"{allowance.why} (until {allowance.until})" if allowance.until else allowance.why


def shortfalls(
    environment: Environment, declared: Iterable[Declared], groups: Iterable[str]
) -> Iterator[str]:
    """A line for each of these groups of checks that has fewer than `required.at_least`."""
    counts = Counter(item.id.partition(".")[0] for item in declared if item.required)
    for group in groups:
        least = environment.required.at_least.get(group, 0)
        if counts[group] < least:
            yield f"{counts[group]} checks of {group} are required here, of at least {least}"


def _groups(environment: Environment) -> list[str]:
    """Those that every run has; of tests there are some where their suite is asked for."""
    return [group for group in environment.required.at_least if not _is_of_tests(group)]


def _there_are(checks: Iterable[Check]) -> str:
    return f"there are: {', '.join(sorted(check.id for check in checks)) or 'none'}"


def _needed(check: Check, resources: Mapping[str, Resource]) -> dict[str, Resource]:
    """The resources of a check, those that others need first."""
    needed: dict[str, Resource] = {}
    for need in check.needs:
        if need not in FOR_CHECKS:
            _require(need, (check.id,), (resources, needed))
    return needed


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
        if check.service is not None and check.service not in environment.services:
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


def matches(id_: str, pattern: str) -> bool:
    """Whether a check is meant by a pattern such as `health.*`; a part of its id will do."""
    return fnmatchcase(id_, pattern) or pattern in id_


def _declared_resource(resource: Resource) -> Declared:
    return Declared(id=resource_id(resource.name), kind="resource", promise=resource.promise)


def resource_id(name: str) -> str:
    return f"resource.{name}"

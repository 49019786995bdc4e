"""Which trials run in an environment, and why the others do not."""

import os
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from fnmatch import fnmatchcase

from harness.check import Check
from harness.environment import Environment
from harness.errors import UsageError
from harness.faults import Ability
from harness.matrix.evidence import cell
from harness.matrix.trial import GROUP, Trial, known_faults, pairs, trials
from harness.model import Declared, Excluded
from harness.plan import Allowances, matches

# By what a fault needs: what has to be there for it.
_MISSING: dict[Ability, str] = {
    "links": "needs the links of a stack: `keyarc-verify up --links`",
    "processes": "needs a `stack` of this machine",
    "settings": "needs a `stack` of this machine",
    "database": "needs a database of the stack's own",
    "disk": "needs a file system of its own for the database, which cannot be made here",
}


@dataclass(frozen=True, slots=True)
class Choice:
    """What of the matrix is to run.

    Attributes:
        left_out: What a selection keeps from running.
    """

    trials: tuple[Trial, ...] = ()
    declared: tuple[Declared, ...] = ()
    excluded: tuple[Excluded, ...] = ()
    left_out: tuple[str, ...] = ()


def choice(
    environment: Environment,
    *,
    abilities: frozenset[Ability],
    only: str | None,
    count_of_pairs: int,
    seed: int,
    in_production: bool,
) -> Choice:
    """Every trial of an environment, sorted out.

    Args:
        abilities: What the place where they run can do.
        only: A pattern such as `faults.kill.*`; a part of an id will do.
        in_production: The user has said so.

    Raises:
        UsageError: The file says something that cannot be.
    """
    if environment.stack is None:
        known_faults(environment)
        why = _MISSING["processes"] if _may_break(environment) else _NOT_ALLOWED
        return Choice(excluded=(Excluded(id=GROUP, reason=why),))
    every = trials(environment)
    _must_match(environment, [trial.id for trial in every])
    allowances = Allowances(environment, datetime.now(UTC).date())
    reasons = {
        trial: _obstacle(environment, trial, abilities, in_production=in_production)
        or allowances.exclusion(_as_check(trial), ())
        for trial in every
    }
    free = [trial for trial, reason in reasons.items() if not reason]
    free += pairs(free, count_of_pairs, seed)
    chosen = tuple(trial for trial in free if only is None or matches(trial.id, only))
    return Choice(
        trials=chosen,
        declared=tuple(
            replace(
                allowances.declared(_as_check(trial)),
                service=trial.service,
                promise=trial.promise,
                cell=cell(trial),
            )
            for trial in chosen
        ),
        excluded=tuple(
            Excluded(
                id=trial.id,
                reason=reason,
                service=trial.service,
                promise=trial.promise,
                cell=cell(trial),
            )
            for trial, reason in reasons.items()
            if reason
        ),
        left_out=tuple(trial.id for trial in free if trial not in set(chosen)),
    )


_NOT_ALLOWED = "the environment does not allow faults (policy.faults)"
_IN_PRODUCTION = "faults in production need `--in-production` as well"


def _obstacle(
    environment: Environment, trial: Trial, abilities: frozenset[Ability], *, in_production: bool
) -> str | None:
    """Why a trial cannot run here, or may not; None where it does."""
    allowed = environment.policy.faults
    if not _may_break(environment):
        return _NOT_ALLOWED
    if environment.is_production and not in_production:
        return _IN_PRODUCTION
    for each in trial.broken:
        if not isinstance(allowed, bool) and each.name not in allowed:
            return f"policy.faults does not name {each.name}"
        if each.fault.lacks:
            return each.fault.lacks
        for need in sorted(each.fault.needs - abilities):
            return _MISSING[need]
    return None


def _may_break(environment: Environment) -> bool:
    return bool(environment.policy.faults)


def _as_check(trial: Trial) -> Check:
    return Check(id=trial.id, service=None, function=_elsewhere, writes=True)


async def _elsewhere() -> None:
    raise NotImplementedError


def _must_match(environment: Environment, ids: Iterable[str]) -> None:
    known = list(ids)
    for pattern in environment.checks:
        if pattern.startswith(f"{GROUP}.") and not any(fnmatchcase(id_, pattern) for id_ in known):
            raise UsageError(f"checks: {pattern}: no trial has this id, such as {known[-1]}")


def lanes_by_default() -> int:
    """Most of a trial is waiting: one more than there are cores keeps them busy."""
    return min((os.cpu_count() or 1) + 1, 6)

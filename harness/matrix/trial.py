"""Which faults are put where: every fault at every place that it fits, and pairs of them."""

import random
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import combinations

from pydantic import ValidationError

from harness.environment import Environment
from harness.errors import UsageError
from harness.faults import Fault, Place
from harness.registry import FAULTS

GROUP = "faults"
CONTROL = "none"
# What a stack calls its database in the orders that it takes.
POSTGRES = "postgres"


@dataclass(frozen=True, slots=True)
class Broken:
    """One fault at one place."""

    name: str
    fault: Fault
    place: Place

    def __str__(self) -> str:
        return f"{self.name}.{self.place}"


@dataclass(frozen=True, slots=True)
class Trial:
    """A cell of the matrix: what is broken at once.

    Attributes:
        service: That of the place; for the control, the one that is looked at.
        broken: Nothing for the control, in which nothing may be found.
    """

    service: str
    broken: tuple[Broken, ...]

    @property
    def id(self) -> str:
        told = "+".join(map(str, self.broken)) or f"{CONTROL}.{self.service}"
        return f"{GROUP}.{told}"

    @property
    def promise(self) -> str:
        if not self.broken:
            return f"With nothing broken, nothing is reported of {self.service}."
        told = (f"{_sentence(each.fault)} ({each.place})" for each in self.broken)
        return " And: ".join(told)


def trials(environment: Environment) -> tuple[Trial, ...]:
    """The whole matrix of an environment, the control row first.

    Raises:
        UsageError: `faults.parameters` says what cannot be.
    """
    faults = known_faults(environment)
    found = [Trial(name, ()) for name in environment.services]
    for name, fault in faults.items():
        fitting = (at for at in places(environment, fault) if fault.fits(environment, at))
        found += (Trial(at.service, (Broken(name, fault, at),)) for at in fitting)
    return tuple(found)


def pairs(singles: Iterable[Trial], count: int, seed: int) -> tuple[Trial, ...]:
    """So many pairs of faults at different places, chosen at random; the same for a seed."""
    single = [trial for trial in singles if len(trial.broken) == 1]
    possible = [(a, b) for a, b in combinations(single, 2) if _together(a.broken[0], b.broken[0])]
    chosen = random.Random(seed).sample(possible, min(count, len(possible)))  # noqa: S311  a sample
    return tuple(Trial(a.service, (*a.broken, *b.broken)) for a, b in chosen)


def known_faults(environment: Environment) -> dict[str, Fault]:
    """Every fault, with the parameters that the environment file gives it."""
    given = environment.faults.parameters
    for name in given:
        if name not in FAULTS.names():
            raise UsageError(_unknown("parameters", name))
    if not isinstance(environment.policy.faults, bool):
        for name in environment.policy.faults:
            if name not in FAULTS.names():
                raise UsageError(_unknown("policy.faults", name))
    return {name: _made(name, given.get(name, {})) for name in FAULTS.names()}


def fault_class(name: str) -> type[Fault]:
    """The fault that a file holds. Raises UsageError: there is no such file."""
    module = FAULTS.load(name)
    own = [
        found
        for found in vars(module).values()
        if isinstance(found, type)
        and issubclass(found, Fault)
        and found.__module__ == module.__name__
    ]
    assert len(own) == 1, f"{module.__name__} holds one fault"
    return own[0]


def places(environment: Environment, fault: Fault) -> Iterator[Place]:
    """Where a kind of fault can be: after the graph of who depends on whom."""
    assert environment.stack is not None, "only what has a stack has places"
    here = [name for name in environment.services if name in environment.stack.services]
    if fault.at in ("service", "process"):
        yield from map(Place, here)
    if fault.at in ("process", "database") and environment.stack.postgres is not None:
        yield Place(database_name(environment))
    if fault.at in ("dependency", "http_dependency"):
        for name in here:
            for dependency in environment.services[name].depends_on:
                speaks_http = dependency in environment.stack.services
                if speaks_http or fault.at == "dependency":
                    yield Place(name, dependency)


def database_name(environment: Environment) -> str:
    """What `depends_on` calls the database."""
    others = {
        dependency
        for service in environment.services.values()
        for dependency in service.depends_on
        if dependency not in environment.services
    }
    return others.pop() if len(others) == 1 else POSTGRES


def _made(name: str, given: dict[str, object]) -> Fault:
    try:
        return fault_class(name).model_validate(given)
    except ValidationError as error:
        problem = error.errors(include_input=False)[0]
        key = ".".join(map(str, (name, *problem["loc"])))
        raise UsageError(f"faults.parameters.{key}: {problem['msg']}") from None


def _together(one: Broken, other: Broken) -> bool:
    """Whether each is still itself beside the other: not at one and the same thing."""
    touched = [{each.place.service, each.place.dependency} - {None} for each in (one, other)]
    return not touched[0] & touched[1]


def _sentence(fault: Fault) -> str:
    return " ".join((type(fault).__doc__ or "").split())


def _unknown(where: str, name: str) -> str:
    return f"{where}: unknown fault {name!r}; known: {', '.join(FAULTS.names())}"

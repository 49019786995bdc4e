"""What should be seen of a system in which something is broken. Pure: from the graph alone."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from harness.environment import Environment
from harness.matrix.trial import Broken

Health = Literal["pass", "any", "fail", "silent"]
# What counts where two things are said of one service: the later one.
_ORDER: tuple[Health, ...] = ("pass", "any", "fail", "silent")
Users = Literal["fine", "any", "some", "errors"]
# Whose process is started anew for the fault to take hold, and is away for a moment.
_RESTARTING = frozenset({"settings", "tls", "process"})


@dataclass(frozen=True, slots=True)
class Expected:
    """What should be seen of one service.

    Attributes:
        health: `fail`: 503, naming all of `names`; `silent`: no health answer of its own.
        settles: It, or what it depends on, is started anew: until its first pass after the
            injection it may fail, or be silent.
        restarts: It is itself started anew, and lives only after that.
    """

    health: Health = "pass"
    names: frozenset[str] = frozenset()
    settles: bool = False
    restarts: bool = False

    def and_also(self, other: "Expected") -> "Expected":
        both = (self, other)
        health = max(self.health, other.health, key=_ORDER.index)
        if any(one.health == "any" and one.restarts for one in both):
            # Who comes and goes itself cannot go on telling of anything.
            health = "any"
        settles, restarts = self.settles or other.settles, self.restarts or other.restarts
        names = self.names | other.names if health == "fail" else frozenset[str]()
        return Expected(health, names, settles, restarts)


def expected(environment: Environment, broken: Iterable[Broken]) -> dict[str, Expected]:
    """For each service, what should be seen while all of this is broken."""
    found = dict.fromkeys(environment.services, Expected())
    for each in broken:
        alone = _of_one(environment, each)
        found = {name: found[name].and_also(one) for name, one in alone.items()}
    return found


def users(environment: Environment, broken: Iterable[Broken], through: frozenset[str]) -> Users:
    """What should become of a request that needs these services."""
    said: list[Users] = [
        each.fault.seen.users for each in broken if _is_met(environment, each, through)
    ]
    if not said:
        return "fine"
    # With two faults an error of the one may hide what the other would do.
    return said[0] if len(set(said)) == 1 else "errors" if "errors" in said else "any"


def _of_one(environment: Environment, broken: Broken) -> dict[str, Expected]:
    place, seen = broken.place, broken.fault.seen
    settles = broken.fault.kind in _RESTARTING
    own: dict[str, Expected] = {}
    if place.dependency is not None:
        names = _named(seen.health, place.dependency)
        own[place.service] = Expected(seen.health, names, settles, settles)
    elif place.service in environment.services:
        health: Health = "silent" if seen.silent else seen.health
        own[place.service] = Expected(health, frozenset(), settles, settles)
    if place.dependency is None:
        for name in _dependents(environment, place.service):
            own[name] = Expected(seen.health, _named(seen.health, place.service), settles)
    return _passed_on(environment, own)


def _passed_on(environment: Environment, own: dict[str, Expected]) -> dict[str, Expected]:
    """Unhealthiness is transitive: whoever depends on one that fails, fails and names it."""
    found = {**dict.fromkeys(environment.services, Expected()), **own}
    changed = True
    while changed:
        changed = False
        for name, service in environment.services.items():
            for dependency in set(service.depends_on) & set(found):
                now = found[name].and_also(_of_dependent(dependency, found[dependency]))
                changed, found[name] = changed or now != found[name], now
    return found


def _of_dependent(dependency: str, of_it: Expected) -> Expected:
    if of_it.health in ("fail", "silent"):
        return Expected("fail", frozenset({dependency}), of_it.settles)
    return Expected(of_it.health, frozenset(), of_it.settles)


def _named(health: Health, name: str) -> frozenset[str]:
    return frozenset({name}) if health == "fail" else frozenset()


def _dependents(environment: Environment, name: str) -> list[str]:
    return [each for each, service in environment.services.items() if name in service.depends_on]


def _is_met(environment: Environment, broken: Broken, through: frozenset[str]) -> bool:
    """Whether a request comes to what is broken."""
    place = broken.place
    if place.dependency is not None:
        is_service = place.dependency in environment.services
        return place.service in through and (not is_service or place.dependency in through)
    if place.service in environment.services:
        return place.service in through
    return any(name in through for name in _dependents(environment, place.service))

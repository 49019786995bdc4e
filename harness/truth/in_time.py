"""Does health answer in time? Whoever waits for it, a balancer say, gives up at some point."""

from collections.abc import Iterator, Mapping

from harness.check import Check
from harness.environment import Environment
from harness.errors import ContractViolation, NoData
from harness.model import Excluded
from harness.target import Target
from harness.trail import current
from harness.truth._answer import read
from harness.truth._asking import asked_itself, check, excluded, look, only_a_status, speaker

CALLS = 5


def derive(environment: Environment) -> Iterator[Check | Excluded]:
    """One for each service: by our own clock, or by what the one before it has measured."""
    for name, service in environment.services.items():
        if asked_itself(service):
            yield check("in_time", name, answered)
        elif reason := only_a_status(environment, name):
            yield excluded("in_time", name, reason)
        else:
            yield check("in_time", name, measured)


async def answered(target: Target) -> None:
    """Health answers within its limit at every call, body and status code in agreement."""
    health, trail = target.service.health, current()
    for _ in range(CALLS):
        trail.extend(health.within_s)
        before = len(trail.exchanges)
        response = await look(target)
        if health.format != "none":
            read(response)
        slowest_ms = max(each.duration_ms for each in trail.exchanges[before:])
        must_be_within(f"GET {health.path}", slowest_ms, health.within_s)


async def measured(target: Target, targets: Mapping[str, Target]) -> None:
    """The service that sees a private one gets its health within the limit at every call."""
    asked = speaker(target, targets)
    for _ in range(CALLS):
        readings = read(await look(asked)).of(target.name)
        times_ms = [
            float(each.observed_value)
            for each in readings
            if each.observed_unit == "ms" and isinstance(each.observed_value, int | float)
        ]
        if not times_ms:
            raise NoData(f"health does not say in ms how long {target.name} took to answer")
        must_be_within(f"{target.name}, as {asked.name} sees it", max(times_ms), _limit_s(target))


def _limit_s(target: Target) -> float:
    return target.service.health.within_s


def must_be_within(what: str, took_ms: float, limit_s: float) -> None:
    # Said so that what is no number is no pass.
    if not took_ms <= limit_s * 1000:
        raise ContractViolation(
            f"{what}: too late",
            expected=f"an answer within {limit_s:g} s (health.within_s)",
            came=f"one after {took_ms / 1000:.2f} s",
        )

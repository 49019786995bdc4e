"""Does what a public service says of a private one agree with what that one says itself?"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from harness.check import Check, expect
from harness.environment import Environment
from harness.errors import NoData
from harness.model import Excluded
from harness.target import Target
from harness.truth._answer import read
from harness.truth._asking import asked_itself, check, excluded, look

# How often what changes meanwhile is looked at again.
_LOOKS = 3


def derive(environment: Environment) -> Iterator[Check | Excluded]:
    """One for each service that another one sees."""
    for name, service in environment.services.items():
        if service.health.via is None:
            continue
        formats = (service.health.format, environment.services[service.health.via].health.format)
        if not asked_itself(service):
            yield excluded("agreement", name, f"private: only {service.health.via} reaches it")
        elif "none" in formats:
            reason = "a health answer is a status alone (health.format: none)"
            yield excluded("agreement", name, reason)
        else:
            yield check("agreement", name, told_as_it_is)


@dataclass(frozen=True, slots=True)
class Said:
    """Of a service, by itself or by another. The instance is None where there are several."""

    state: str
    release: str | None
    instance: str | None


async def told_as_it_is(target: Target, targets: Mapping[str, Target]) -> None:
    """What health says of a private service is what that service says of itself."""
    via = targets[target.service.health.via or ""]
    before = await _own(target)
    for _ in range(_LOOKS):
        told = await _told(target, via)
        after = await _own(target)
        if before == after:
            expect(f"what {via.name} says of {target.name}", expected=after, came=told)
            return
        before = after
    raise NoData(f"{target.name} says something else of itself each time")


async def _own(target: Target) -> Said:
    answer = read(await look(target))
    instance = answer.instance if target.service.instances == 1 else None
    return Said("fail" if answer.status == "fail" else "pass", answer.release, instance)


async def _told(target: Target, via: Target) -> Said:
    answer = read(await look(via))
    readings = answer.of(target.name)
    release = next((each.release for each in readings if each.release), None)
    instance = next((each.instance for each in readings if each.instance), None)
    state = answer.components().get(target.name, "not named")
    alone = target.service.instances == 1
    return Said("pass" if state == "warn" else state, release, instance if alone else None)

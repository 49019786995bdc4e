"""Do all instances of a service say the same? One in two that is unwell hides from single looks."""

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import httpx

from harness.check import Check
from harness.checks.release import Census, Sighting
from harness.environment import Environment
from harness.errors import ContractViolation
from harness.model import Excluded
from harness.target import Target
from harness.truth._answer import Answer, read
from harness.truth._asking import check, excluded

ENDS_AFTER_S = 5.0


def derive(environment: Environment) -> Iterator[Check | Excluded]:
    """One for each service of several instances."""
    for name, service in environment.services.items():
        if service.instances == 1:
            continue
        if service.release.from_ == "none":
            reason = "it does not say which instance it is (release.from: none)"
            yield excluded("instances", name, reason)
        else:
            yield check("instances", name, agree)


async def agree(target: Target, targets: Mapping[str, Target]) -> None:
    """Every declared instance answers, and all say the same of themselves and what they need."""
    meeting = Meeting(target, targets, None)
    await meeting.complete(time.monotonic() + ENDS_AFTER_S)


@dataclass
class Meeting(Census):
    """A census that also compares what the instances say.

    Attributes:
        said: By instance.
    """

    said: dict[str, str] = field(default_factory=dict)

    def take_down(self, sighting: Sighting, response: httpx.Response) -> None:
        super().take_down(sighting, response)
        own = self.asked is self.targets[self.target.name]
        if self.asked.service.health.format == "none":
            says = str(response.status_code)
        elif own:
            says = _summary(read(response))
        else:
            says = _summary_of(read(response), self.target.name, sighting.instance)
        instance = sighting.instance or self.target.name
        for other, said in {**self.said, instance: self.said.get(instance, says)}.items():
            if said != says:
                raise ContractViolation(
                    f"{instance} says otherwise than {other}"
                    if instance != other
                    else f"{instance} says now this, now that",
                    expected=said,
                    came=says,
                )
        self.said[instance] = says


def _summary(answer: Answer) -> str:
    states = [f"{name}: {state}" for name, state in sorted(answer.components().items())]
    return ", ".join([answer.status, *states])


def _summary_of(answer: Answer, name: str, instance: str | None) -> str:
    """What another says of one instance."""
    states = {each.status for each in answer.of(name) if each.instance in (None, instance)}
    return "fail" if "fail" in states else "pass"

"""Does health name what a service depends on, and say how that is?"""

from collections.abc import Iterator, Mapping

from harness.check import Check
from harness.environment import Environment
from harness.errors import ContractViolation
from harness.model import Excluded
from harness.target import Target
from harness.truth._answer import Answer, read
from harness.truth._asking import check, excluded, look, only_a_status, speaker, spoken_of


def derive(environment: Environment) -> Iterator[Check | Excluded]:
    """One for each service that depends on something, or is seen in another's health answer."""
    for name, service in environment.services.items():
        if not spoken_of(name, service):
            continue
        if reason := only_a_status(environment, name):
            yield excluded("dependencies", name, reason)
        else:
            yield check("dependencies", name, told)


async def told(target: Target, targets: Mapping[str, Target]) -> None:
    """Health names each dependency, with a status, the time of the look and what it showed."""
    answer = read(await look(speaker(target, targets)))
    for component in spoken_of(target.name, target.service):
        _must_be_told(answer, component)
    if answer.status == "fail" and "fail" not in answer.components().values():
        raise ContractViolation(
            "health says `fail`, and not why", expected="an entry that says `fail`", came="none"
        )


def _must_be_told(answer: Answer, component: str) -> None:
    readings = answer.of(component)
    if not readings:
        raise ContractViolation(
            f"health says nothing about {component}", expected="an entry in `checks`", came="none"
        )
    for reading in readings:
        values = {"time": reading.time, "observedValue": reading.observed_value}
        missing = [name for name, value in values.items() if value is None]
        if missing:
            raise ContractViolation(
                f"health says too little about {component}",
                expected="a status, a time and an observed value",
                came=f"no {' and no '.join(missing)}",
            )
        if reading.status == "fail" and answer.status != "fail":
            raise ContractViolation(
                f"health says that all is well, and that {component} is not",
                expected="fail",
                came=answer.status,
            )

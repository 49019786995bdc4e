"""Did the system answer all along? One request in ten that fails hides from each check alone."""

from collections import Counter
from collections.abc import Iterator

from harness.check import Check
from harness.environment import Environment
from harness.errors import ContractViolation, NoData
from harness.exchange import Traffic

_SHOWN = 5


def derive(environment: Environment) -> Iterator[Check]:
    """One check, about all requests of the run."""
    yield Check(id="traffic.failures", service=None, function=answers_all_along, last=True)


async def answers_all_along(traffic: Traffic, environment: Environment) -> None:
    """Hardly any request of the run ends in a 5xx or in no answer."""
    slo = environment.slo
    requests, failures = traffic.requests, len(traffic.failures)
    if requests == 0:
        raise NoData("no request was sent, so nothing is known of how many fail")
    if failures < slo.min_failures or failures / requests <= slo.error_ratio:
        return
    raise ContractViolation(
        f"{failures} of {requests} requests ended in a 5xx or in no answer",
        expected=f"at most {100 * slo.error_ratio:g} %",
        came=_told(Counter(traffic.failures)),
    )


def _told(lines: Counter[str]) -> str:
    told = [f"{count} of: {line}" for line, count in lines.most_common(_SHOWN)]
    rest = sum(lines.values()) - sum(count for _, count in lines.most_common(_SHOWN))
    return "; ".join([*told, f"{rest} more"] if rest else told)

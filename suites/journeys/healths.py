"""What health tells of a stack of the suite's own, and whether it tells it as it should."""

import time

from harness.check import expect
from suites.journeys.apart import LIMIT_S, Apart
from suites.journeys.asking import Question


def failing(apart: Apart, service: str = "gateway") -> list[str]:
    """What a service's health finds fault with.

    Raises:
        ContractViolation: Status and body do not agree, it takes too long, it tells of the inside,
            or the process is not alive.
    """
    health, live = apart.hear(
        [Question(service, "GET", "/health"), Question(service, "GET", "/health/live")]
    )
    expect("liveness", expected=200, came=live.response.status_code)
    told = health.response.json()
    failed = [
        name.partition(":")[0]
        for name, entries in told["checks"].items()
        if any(entry["status"] != "pass" for entry in entries)
    ]
    expected = (503, "fail") if failed else (200, "pass")
    expect("health", expected=expected, came=(health.response.status_code, told["status"]))
    expect("health is within 2 s", expected=True, came=health.took_s < 2.5)
    leaked = [word for word in apart.innards if word in health.response.text]
    expect("what health tells of the inside", expected=[], came=leaked)
    return failed


def recovered(apart: Apart) -> None:
    """Waits until all is well again. Raises ContractViolation: it does not come to that."""
    until_s = time.monotonic() + LIMIT_S
    while found := [*failing(apart), *failing(apart, "auth")]:
        expect("all recovers", expected=True, came=time.monotonic() < until_s or found)

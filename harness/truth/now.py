"""Is a health answer about now? One that was found out before says nothing of this moment.

Source: draft-inadarei-api-health-check-06, section 4.6, for `time`.
"""

import asyncio
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import NoReturn

import httpx

from harness.check import Check
from harness.checks.clock import TOLERANCE_S
from harness.checks.health import must_be_fresh
from harness.environment import Environment
from harness.errors import ContractViolation
from harness.exchange import Traffic, origin_of
from harness.model import Excluded
from harness.target import Target
from harness.trail import current
from harness.truth._answer import Reading, component_of, read
from harness.truth._asking import check, excluded, look, only_a_status, speaker, spoken_of

# Of these, two meet the same instance where there are few: each more of those is asked once more.
_LOOKS, _MOST_LOOKS = 3, 6
# More than the second that some write times to.
APART_S = 1.1
# `Date` shows a clock to the second; and two machines of a system may differ a little.
CLOCKS_S = 3.0


def derive(environment: Environment) -> Iterator[Check | Excluded]:
    """One for each service whose health answer should have times in it."""
    for name, service in environment.services.items():
        if not spoken_of(name, service):
            continue
        if reason := only_a_status(environment, name):
            yield excluded("now", name, reason)
        else:
            yield check("now", name, looked_at_now)


async def looked_at_now(target: Target, targets: Mapping[str, Target], traffic: Traffic) -> None:
    """Each health answer is about the moment of its call: nothing in it was kept from before."""
    asked = speaker(target, targets)
    memory = Memory(frozenset(spoken_of(target.name, target.service)))
    for number in range(min(_LOOKS - 1 + asked.service.instances, _MOST_LOOKS)):
        if number:
            current().extend(APART_S)
            await asyncio.sleep(APART_S)
        sent_s = time.time()
        response = await look(asked)
        received_s = time.time()
        must_be_fresh(response)
        skew_s = traffic.skews_s.get(origin_of(httpx.URL(asked.url)))
        memory.take_down(
            response, Window.around(sent_s, received_s, skew_s, asked.service.health.within_s)
        )


@dataclass(frozen=True, slots=True)
class Window:
    """When something may have been looked at to be of now, by the server's clock; since 1970."""

    earliest_s: float
    latest_s: float

    @classmethod
    def around(
        cls, sent_s: float, received_s: float, skew_s: float | None, look_s: float
    ) -> "Window":
        """
        Args:
            skew_s: How far the server's clock is ahead; None where it is not known.
            look_s: How long a look may take that others share.
        """
        slack_s = TOLERANCE_S if skew_s is None else CLOCKS_S
        ahead_s = skew_s or 0.0
        return cls(sent_s + ahead_s - look_s - slack_s, received_s + ahead_s + slack_s)


@dataclass(slots=True)
class Memory:
    """The times that were told so far, by instance and component."""

    components: frozenset[str]
    seen: set[tuple[str | None, str, datetime]] = field(default_factory=set)

    def take_down(self, response: httpx.Response, window: Window) -> None:
        """
        Raises:
            ContractViolation: A time was told before, or is none of the call.
        """
        answer = read(response)
        found = [(key, each) for key, each in answer.readings() if self._is_meant(key)]
        missing = self.components - {component_of(key) for key, _ in found}
        if missing:
            _nothing(sorted(missing)[0], "an entry in `checks`")
        told = [(answer.instance, key, _time(key, reading)) for key, reading in found]
        for instance, key, at in told:
            _must_be_of(window, key, at)
            if (instance, key, at) in self.seen:
                raise ContractViolation(
                    f"two health answers, {APART_S} s apart, tell of the same look at"
                    f" {component_of(key)}",
                    expected="a look at each call",
                    came=f"twice that of {at.isoformat()}",
                )
        self.seen.update(told)

    def _is_meant(self, key: str) -> bool:
        return component_of(key) in self.components


def _must_be_of(window: Window, key: str, at: datetime) -> None:
    at_s, name = at.timestamp(), component_of(key)
    if at_s < window.earliest_s:
        early_s = window.earliest_s - at_s
        came = f"{early_s:.0f} s before any that it may be about"
    elif at_s > window.latest_s:
        came = f"{at_s - window.latest_s:.0f} s after the answer had come"
    else:
        return
    raise ContractViolation(
        f"health tells of a look at {name} that is not of the call",
        expected="the time of the call",
        came=f"{at.isoformat()}, {came}",
    )


def _time(key: str, reading: Reading) -> datetime:
    if reading.time is None:
        _nothing(component_of(key), "a time")
    return reading.time


def _nothing(component: str, expected: str) -> NoReturn:
    raise ContractViolation(
        f"health does not say when it looked at {component}", expected=expected, came="none"
    )

"""Attempts under a rate limit, one after the other, and what has to be true of them."""

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import httpx

from harness.check import expect
from harness.errors import NoData
from suites.journeys.refusals import refused

TOO_MANY = 429


@dataclass(frozen=True)
class Try:
    """An attempt. When it was sent and answered: on one clock, in seconds."""

    sent_s: float
    answered_s: float
    response: httpx.Response

    @classmethod
    def of(cls, ask: Callable[[], httpx.Response]) -> "Try":
        sent_s = time.monotonic()
        response = ask()
        return cls(sent_s, time.monotonic(), response)

    @property
    def is_refused(self) -> bool:
        return self.response.status_code == TOO_MANY

    @property
    def lifts_s(self) -> float:
        """When it says that the next one will be taken."""
        return self.answered_s + int(self.response.headers["retry-after"])


def refused_in_time(tried: Try, counts_until_s: float) -> None:
    """Judges a try past a limit: it has to be refused while the ones before count.

    Raises:
        ContractViolation: It is not, or the refusal is no good one.
        NoData: It came too late to be refused.
    """
    if not tried.is_refused and tried.answered_s >= counts_until_s:
        raise NoData("the tries before took longer than the limit lasts")
    refused(tried.response, TOO_MANY)


def until_it_lifts(
    ask: Callable[[], httpx.Response], counts_until_s: float = math.inf, pause_s: float = 0.2
) -> list[Try]:
    """Tries until the time is over that the first refusal gives; the last comes after that.

    Args:
        counts_until_s: Until then the first try has to be refused.

    Raises:
        ContractViolation, NoData: As `refused_in_time` does, for the first.
    """
    tries = [Try.of(ask)]
    refused_in_time(tries[0], counts_until_s)
    lifts_s = tries[0].lifts_s
    while tries[-1].sent_s < lifts_s:
        time.sleep(min(pause_s, max(0.0, lifts_s - time.monotonic())))
        tries.append(Try.of(ask))
    return tries


def as_limited(taken: Sequence[Try], then: Sequence[Try], window_s: float) -> None:
    """Judges a limit by what came of trying.

    Args:
        taken: As many as the window takes.
        then: Tries after that, until the limit has lifted by its own word.

    Raises:
        ContractViolation: It refuses too early, lifts too early, or too late.
    """
    statuses = [each.response.status_code for each in taken]
    expect("within the limit none is refused", expected=False, came=TOO_MANY in statuses)
    for each in then:
        if each.is_refused:
            refused(each.response, TOO_MANY)
    counts_until_s = taken[0].sent_s + window_s
    early = [each for each in then if not each.is_refused and each.answered_s < counts_until_s]
    expect("taken while the first ones still count", expected=0, came=len(early))
    lifts_s = then[0].lifts_s
    late = [each for each in then if each.is_refused and each.sent_s >= lifts_s]
    expect("refused after the time that was given", expected=0, came=len(late))
    expect("one was tried after that", expected=True, came=then[-1].sent_s >= lifts_s)


def as_long_as(tries: Sequence[Try], ends_s: float) -> None:
    """Judges a token by what came of using it: 200 before its end, 401 after it.

    Raises:
        ContractViolation: It ends too early, or too late.
        NoData: It was not used before its end.
    """
    before = [each for each in tries if each.answered_s < ends_s]
    after = [each for each in tries if each.sent_s > ends_s]
    if not before:
        raise NoData("the token was not used before its end: all of it took too long")
    statuses = {each.response.status_code for each in before}
    expect("what a token gets before its end", expected={200}, came=statuses)
    statuses = {each.response.status_code for each in after}
    expect("what it gets after its end", expected={401} if after else set(), came=statuses)

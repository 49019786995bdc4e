"""Requests that are made at the same moment."""

from collections import Counter
from collections.abc import Callable
from uuid import UUID

import httpx

from harness.check import expect
from suites.keyarc.waiting import at_once

AT_ONCE = 4


def answered(allowed: set[int], *requests: Callable[[], httpx.Response]) -> list[httpx.Response]:
    """Their answers, in their order.

    Raises:
        ContractViolation: One has a status that is not among those allowed.
    """
    answers = at_once(*requests)
    others = [answer.status_code for answer in answers if answer.status_code not in allowed]
    expect(f"statuses other than {sorted(allowed)}", expected=[], came=others)
    return answers


def statuses(answers: list[httpx.Response]) -> Counter[int]:
    """How many there are of each."""
    return Counter(answer.status_code for answer in answers)


def made(answers: list[httpx.Response]) -> set[UUID]:
    """The ids of what was made, by what was answered."""
    trees = [answer.json() for answer in answers if answer.status_code == 201]
    return {UUID(tree.get("id") or tree["team_id"]) for tree in trees}

"""What an answer has to be where something behind the gateway is not as it should be."""

from collections.abc import Iterable

import httpx

from harness.check import expect
from suites.keyarc.problem import Problem, read_problem

# By status, how long it may take at least and at most. CONTRACT.md: 504 at 5 s, 503 within 3 s;
# the rest is a slow machine's.
TIMES_S = {502: (0.0, 3.0), 503: (0.0, 3.5), 504: (4.9, 8.0)}
INNER = ("127.0.0.1", "Traceback", "<html", ".internal", "asyncpg", "httpx")


def refused(response: httpx.Response, status: int, innards: Iterable[str] = ()) -> Problem:
    """Reads an error that is the system's own.

    Args:
        innards: Addresses of what is inside; never told, beside what is never told anyway.

    Raises:
        ContractViolation: It is no problem, says more than it may, or less than it has to.
    """
    expect("status", expected=status, came=response.status_code)
    problem = read_problem(response, status)
    request_id = response.headers.get("x-request-id")
    expect("the request's id", expected=request_id, came=problem.request_id)
    told = "\n".join([response.text, *map(": ".join, response.headers.multi_items())])
    leaked = [word for word in (*INNER, *innards) if word.lower() in told.lower()]
    expect("what it tells of the inside", expected=[], came=leaked)
    expect("no way elsewhere", expected=None, came=response.headers.get("location"))
    if status in (429, 503):
        seconds = response.headers.get("retry-after", "")
        good = seconds.isascii() and seconds.isdigit() and 1 <= int(seconds) <= 60
        expect(f"Retry-After {seconds!r} is a number of seconds", expected=True, came=good)
    return problem


def in_time(took_s: float, status: int) -> None:
    """Raises ContractViolation: the answer came too early or too late for what it says."""
    least_s, most_s = TIMES_S[status]
    came = f"{status} between {least_s:g} and {most_s:g} s"
    if not least_s <= took_s <= most_s:
        came = f"after {took_s:.1f} s"
    expect("its time", expected=f"{status} between {least_s:g} and {most_s:g} s", came=came)

"""Errors as the contract promises them: problem details (RFC 9457)."""

import httpx
from pydantic import Field

from harness.check import expect, parse
from suites.keyarc.answer import Answer, media_type

MEDIA_TYPE = "application/problem+json"


class FieldError(Answer):
    """What is wrong with one part of the request."""

    loc: list[str | int]
    msg: str
    type: str


class Problem(Answer):
    """The body of every error."""

    type: str
    title: str
    status: int
    detail: str
    request_id: str = Field(min_length=1)
    errors: list[FieldError] | None = None


def read_problem(response: httpx.Response, status: int) -> Problem:
    """Reads an error answer whose status has been looked at.

    Raises:
        ContractViolation: It is no problem document, or one of another status.
    """
    expect("content type of an error", expected=MEDIA_TYPE, came=media_type(response))
    problem = parse(Problem, response)
    expect("status in the body", expected=status, came=problem.status)
    if status == 401:
        challenge = response.headers.get("www-authenticate")
        expect("WWW-Authenticate of a 401", expected="Bearer", came=challenge)
    return problem


def words(problem: Problem) -> dict[str, object]:
    """What an error says: all of it, but for which request it was."""
    return problem.model_dump(exclude={"request_id"})

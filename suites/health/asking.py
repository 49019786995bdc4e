"""Asks a service once, and judges an answer as users of a broken system may."""

import re
from collections.abc import Callable
from typing import TypeVar

import httpx

from harness.errors import ContractViolation, NoData
from harness.exchange import EvidenceClient
from harness.matrix.workload import Answer
from harness.target import Target
from harness.trail import Trail
from suites.keyarc.call import Call
from suites.keyarc.problem import read_problem

T = TypeVar("T")
UNAVAILABLE, NOT_BELIEVED = 503, 401
# How KeyArc says "not now"; 401 where two services do not share a secret.
REFUSALS = frozenset({NOT_BELIEVED, 502, UNAVAILABLE, 504})
# What tells how KeyArc is made, where it runs, or what went wrong inside.
INTERNALS = re.compile(
    r"traceback|\.py\b|\bline \d+|exception|errno|<html|/app/|/usr/|/home/"
    r"|sqlalchemy|asyncpg|psycopg|postgres|pydantic|starlette|fastapi|uvicorn|httpx|httpcore|asyncio"
    r"|\bSELECT\b.*\bFROM\b|\bINSERT INTO\b|\bUPDATE\b.*\bSET\b"
    r"|(?:relation|database|role|column) \\?\"|pg_\w+"
    r"|(?:\d{1,3}\.){3}\d{1,3}|localhost|\.flycast|\.internal\b|://",
    re.IGNORECASE | re.DOTALL,
)

# Headers that name a server and its time: they are judged elsewhere.
OF_THE_SERVER = frozenset({"server", "date", "via"})


class Asker:
    """Sends a call as it is: nothing is confirmed, nothing repeated."""

    def __init__(self, client: EvidenceClient) -> None:
        self._client = client

    async def answer(self, target: Target, call: Call[T], limit_s: float) -> httpx.Response:
        """
        Raises:
            Unreachable, ServerFailure, ContractViolation: As `EvidenceClient.send`.
        """
        said = {name: value for name, value in call.headers.items() if value is not None}
        request = self._client.build(
            call.method,
            target.url + call.path,
            headers={**target.service.headers, **said},
            params={name: value for name, value in call.params.items() if value is not None},
            json=call.json,
        )
        # A trail of its own: nobody reads what hours of writing would pile up.
        with Trail().followed():
            return await self._client.send(request, limit_s)


def judged(call: Call[T], answer: httpx.Response, is_right: Callable[[T], None]) -> Answer:
    """Whether an answer serves, or refuses as the contract has it.

    Args:
        is_right: Looks at what a served answer says; raises AssertionError.

    Raises:
        ContractViolation: It does neither.
        NoData: Too many have asked.
    """
    if answer.status_code == call.status:
        is_right(call.read(answer))
        return "served"
    must_be_refusal(f"{call.method} {call.path}", answer)
    return "refused"


def must_be_refusal(name: str, answer: httpx.Response) -> None:
    """
    Raises:
        ContractViolation: It is no error of the contract, or tells what nobody should know.
        NoData: Too many have asked.
    """
    status = answer.status_code
    if status == httpx.codes.TOO_MANY_REQUESTS:
        raise NoData(f"{name}: 429; the users of a broken system need a higher rate limit")
    if status not in REFUSALS:
        allowed = ", ".join(map(str, sorted(REFUSALS)))
        raise ContractViolation(name, expected=f"what is right, or {allowed}", came=str(status))
    read_problem(answer, status)
    if status == UNAVAILABLE:
        wait = answer.headers.get("retry-after", "")
        if not (wait.isascii() and wait.isdigit()):
            raise ContractViolation(name, expected="503 with Retry-After", came=repr(wait))
    must_tell_nothing(name, answer)


def must_tell_nothing(name: str, answer: httpx.Response) -> None:
    """
    Raises:
        ContractViolation: It shows something of the inside.
    """
    headers = (f"{k}: {v}" for k, v in answer.headers.multi_items() if k not in OF_THE_SERVER)
    for text in (answer.text, *headers):
        found = INTERNALS.search(text)
        if found:
            raise ContractViolation(
                f"{name}: an error tells nothing of the inside",
                expected="words of the contract",
                came=repr(found[0][:80]),
            )

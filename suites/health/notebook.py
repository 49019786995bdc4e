"""What writers ask, and what they note of it: done, certainly not done, or unknown."""

import time
from dataclasses import dataclass
from typing import Generic, TypeVar

import httpx

from harness.errors import HarnessError
from harness.matrix.history import History, Operation, Outcome
from harness.target import Target
from suites.health.asking import Asker
from suites.keyarc.call import Call
from suites.keyarc.problem import read_problem

T = TypeVar("T")
# Longer than anything may take: what is heard later than that is unknown.
LIMIT_S = 6.0
GONE, SLOW_CLIENT = 404, 408


@dataclass(frozen=True, slots=True)
class Heard(Generic[T]):
    """What was answered.

    Attributes:
        value: What the answer says, where it says that it was done.
        gone: There is no such thing.
    """

    outcome: Outcome
    value: T | None = None
    gone: bool = False


class Notebook:
    """Sends the requests of all writers and keeps their history."""

    def __init__(self, asker: Asker, gateway: Target) -> None:
        self.history = History()
        # When it last became certain that something is unknown.
        self.unknown_s = float("-inf")
        self._asker = asker
        self._gateway = gateway

    async def write(self, operation: Operation, call: Call[T]) -> Heard[T]:
        """Writes, once."""
        number = self.history.begin(operation)
        heard = await self.ask(call)
        now_s = time.monotonic()
        self.history.end(number, heard.outcome, now_s)
        if heard.outcome == "info":
            self.unknown_s = now_s
        if heard.gone:
            self.history.saw(operation.register, None)
        return heard

    async def ask(self, call: Call[T]) -> Heard[T]:
        """Asks once. An error that blames the client says that nothing was done; what is none of
        the contract says nothing at all."""
        try:
            answer = await self._asker.answer(self._gateway, call, LIMIT_S)
            if answer.status_code == call.status:
                return Heard("ok", call.read(answer))
            if _blames_client(answer):
                return Heard("fail", gone=answer.status_code == GONE)
        except (HarnessError, AssertionError, httpx.TransportError):
            pass
        return Heard("info")


def _blames_client(answer: httpx.Response) -> bool:
    status = answer.status_code
    if not 400 <= status < 500 or status == SLOW_CLIENT:
        return False
    read_problem(answer, status)
    return True

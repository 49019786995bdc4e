"""Requests of somebody in a stack of the suite's own, and what is heard of them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from uuid import UUID, uuid4

import httpx

from suites.journeys.observations import observe
from suites.keyarc.caller import Caller
from suites.keyarc.contract import Answer
from suites.keyarc.cryptography import LockedKeys
from suites.keyarc.visit import Visit


@dataclass(frozen=True)
class Guest(Caller):
    """A user with keys that open nothing, for who looks at the server alone."""

    visit: Visit = field(repr=False)
    id: UUID
    email: str
    auth_hash: str = field(repr=False)
    token: str = field(repr=False)


@dataclass(frozen=True)
class Question:
    """A request to be sent as it is. `path`: below the service's URL."""

    service: str
    method: str
    path: str
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    json: object = None

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


@dataclass(frozen=True)
class Heard:
    """What was answered, and how long it took."""

    asked: Question
    response: httpx.Response
    took_s: float


def noted(heard: list[Heard]) -> list[Heard]:
    """Tells the run what was seen: on this thread, where it is written as well."""
    for each in heard:
        observe(each.asked.service, each.asked.method, each.asked.path, each.response.status_code)
    return heard


def question(answer: Answer, guest: Guest, **headers: str) -> Question:
    """The request of a row of the contract, for something that does not exist."""
    path = answer.path
    while "{" in path:
        before, _, rest = path.partition("{")
        path = f"{before}{uuid4()}{rest.partition('}')[2]}"
    told = {"Authorization": f"Bearer {guest.token}", **headers}
    json: object = {} if answer.method in ("POST", "PUT") else None
    if answer.path in ("/login", "/signup"):
        json = {"email": guest.email, "auth_hash": guest.auth_hash}
    if answer.path == "/signup":
        json = {"email": guest.email, "auth_hash": guest.auth_hash, **LockedKeys.random().wire()}
    return Question(answer.service, answer.method, path, told, json)

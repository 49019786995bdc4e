"""Does each service say, truthfully as far as one can see, that it can do its work?

Source: draft-inadarei-api-health-check-06. For a gate, a redirect to a login page that answers
200 is no health, and an answer from a cache says nothing about now.
"""

from collections.abc import Iterator, Mapping
from typing import Annotated

import httpx
from pydantic import AfterValidator, BaseModel, Field

from harness.check import Check, expect, parse
from harness.environment import Environment, Service
from harness.errors import ContractViolation, ServerFailure
from harness.target import Target

MEDIA_TYPE = "application/health+json"
# What is read for its headers alone: that it cannot do its work is for the health check to tell.
ANSWERED = (*range(200, 429), *range(430, 500), 503)
# Section 3.1 of the draft allows these words for `pass` and `fail`, in any case.
_ALIASES = {"ok": "pass", "up": "pass", "error": "fail", "down": "fail"}


def _status(word: str) -> str:
    word = _ALIASES.get(word.lower(), word.lower())
    if word not in ("pass", "warn", "fail"):
        raise ValueError("one of pass, warn, fail is needed")
    return word


Status = Annotated[str, AfterValidator(_status)]


class Entry(BaseModel):
    """One measurement of a component."""

    status: Status


class Health(BaseModel):
    """What a health answer says."""

    status: Status
    checks: dict[str, Annotated[list[Entry], Field(min_length=1)]] = {}

    def of(self, component: str) -> list[str]:
        """The states of a component, named before the colon of a key; empty if it has none."""
        return [
            entry.status
            for key, entries in self.checks.items()
            if key.partition(":")[0] == component
            for entry in entries
        ]


def derive(environment: Environment) -> Iterator[Check]:
    """One check for each service: asked itself, or through the service that sees it."""
    for name, service in environment.services.items():
        function = seen_through_another if service.health.via else healthy
        yield Check(id=f"health.{name}", service=name, function=function)


async def healthy(target: Target, service: Service) -> None:
    """A service answers its health call exactly as declared, now, with all that it needs."""
    health = service.health
    response = await target.get(health.path, expect=health.expect_status, shared=True)
    if health.format == "none":
        return
    must_be_fresh(response)
    body = _read(response)
    agrees = (body.status == "fail") == (response.status_code >= 400)
    if not agrees:
        raise ContractViolation(
            "body and status code disagree",
            expected="`fail` with 4xx or 5xx, `pass` or `warn` below",
            came=f"`{body.status}` with {response.status_code}",
        )
    for dependency in service.depends_on:
        _must_pass(dependency, body.of(dependency))


async def seen_through_another(target: Target, targets: Mapping[str, Target]) -> None:
    """A private service is healthy in the eyes of the public one that stands before it."""
    await vouched(target, targets)


async def vouched(target: Target, targets: Mapping[str, Target]) -> httpx.Response:
    """The fresh answer in which a public service says that a private one is healthy.

    Raises:
        ContractViolation: It does not say so.
    """
    via = targets[target.service.health.via or target.name]
    health = via.service.health
    try:
        response = await via.get(health.path, expect=health.expect_status, shared=True)
    except ServerFailure as failure:
        # Confirmed by now. Whether it is this service that is down, the body says.
        if failure.answer is None:
            raise
        response = failure.answer
    must_be_fresh(response)
    entry = f"{target.name}:responseTime"
    measured = _read(response).checks.get(entry, [])
    _must_pass(entry, [one.status for one in measured])
    return response


def must_be_fresh(response: httpx.Response) -> None:
    """
    Raises:
        ContractViolation: An answer is from a cache, or might be kept in one.
    """
    control = response.headers.get("cache-control", "")
    directives = {part.strip().lower() for part in control.split(",")}
    if "no-store" not in directives:
        raise ContractViolation(
            "a health answer must not be cached",
            expected="Cache-Control: no-store",
            came=repr(control),
        )
    age = response.headers.get("age", "0").strip()
    if age != "0":
        raise ContractViolation("the answer is from a cache", expected="no Age", came=f"Age: {age}")


def _read(response: httpx.Response) -> Health:
    media_type = response.headers.get("content-type", "").partition(";")[0].strip().lower()
    expect("content type of health", expected=MEDIA_TYPE, came=media_type)
    return parse(Health, response)


def _must_pass(component: str, states: list[str]) -> None:
    if not states:
        raise ContractViolation(
            f"health says nothing about {component}", expected="an entry in `checks`", came="none"
        )
    if "fail" in states:
        raise ContractViolation(f"{component} is not healthy", expected="pass or warn", came="fail")

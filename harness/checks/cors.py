"""May pages of other origins read a service's answers? Only those that are declared.

Source: Fetch, section 3.3 (the CORS protocol).
"""

import asyncio
from collections.abc import Iterator

import httpx

from harness.check import Check
from harness.checks.health import ANSWERED
from harness.environment import Environment
from harness.errors import ContractViolation
from harness.target import Target

STRANGER = "https://keyarc-verify.example"
# `null` is what a page without an origin sends, one from a file for example.
STRANGERS = (STRANGER, "null")
_PREFLIGHT = {
    "Access-Control-Request-Method": "GET",
    "Access-Control-Request-Headers": "authorization",
}
# A server that knows no OPTIONS says so with 405 or 501.
_PREFLIGHT_STATUSES = (*ANSWERED, 501)


def derive(environment: Environment) -> Iterator[Check]:
    """One check for each public service."""
    for name, service in environment.services.items():
        if service.visibility == "public":
            yield Check(id=f"cors.{name}", service=name, function=not_open)


async def not_open(target: Target) -> None:
    """Pages of other origins may not read the answers, those of declared origins may."""
    declared = target.service.cors.origins
    async with asyncio.TaskGroup() as group:
        for origin in STRANGERS:
            if origin not in declared:
                group.create_task(_is_refused(target, origin))
        group.create_task(_is_refused_at_preflight(target, STRANGER))
        for origin in declared:
            group.create_task(_is_allowed(target, origin))


async def _is_refused(target: Target, origin: str) -> None:
    path = target.service.health.path
    response = await target.get(path, expect=ANSWERED, headers={"Origin": origin})
    _must_refuse(response, origin, is_open=target.service.cors.open)


async def _is_refused_at_preflight(target: Target, origin: str) -> None:
    response = await target.request(
        "OPTIONS",
        target.service.health.path,
        headers={"Origin": origin, **_PREFLIGHT},
        expect=_PREFLIGHT_STATUSES,
    )
    _must_refuse(response, origin, is_open=target.service.cors.open)


async def _is_allowed(target: Target, origin: str) -> None:
    path = target.service.health.path
    response = await target.get(path, expect=ANSWERED, headers={"Origin": origin})
    # Whether `*` is right is seen with the strangers.
    if _allowed(response) not in ([origin], ["*"]):
        raise ContractViolation(
            f"{origin} is declared and may not read the answers",
            expected=f"Access-Control-Allow-Origin: {origin}",
            came=_told(response),
        )


def _must_refuse(response: httpx.Response, origin: str, *, is_open: bool) -> None:
    allowed = _allowed(response)
    with_credentials = "true" in response.headers.get_list("access-control-allow-credentials")
    if is_open:
        wrong = origin in allowed and with_credentials
    else:
        wrong = origin in allowed or "*" in allowed
    if wrong:
        raise ContractViolation(
            f"{response.request.method}: pages of any origin ({origin}) may read the answers",
            expected="no credentials for them" if is_open else "no leave for them",
            came=_told(response),
        )


def _allowed(response: httpx.Response) -> list[str]:
    return response.headers.get_list("access-control-allow-origin", split_commas=True)


def _told(response: httpx.Response) -> str:
    names = ("Access-Control-Allow-Origin", "Access-Control-Allow-Credentials")
    said = [f"{name}: {response.headers[name]}" for name in names if name in response.headers]
    return ", ".join(said) or "no Access-Control-Allow-Origin"

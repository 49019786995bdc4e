"""Is liveness about the process alone? Who restarts a process for its database makes it worse."""

import json
from collections.abc import Iterator

import httpx

from harness.check import Check
from harness.environment import Environment
from harness.errors import ContractViolation
from harness.model import Excluded
from harness.target import Target
from harness.trail import current
from harness.truth._answer import component_of
from harness.truth._asking import asked_itself, check, excluded
from harness.truth.in_time import must_be_within

CALLS = 3
# What the draft calls things that a process talks to.
_ELSEWHERE = ("component", "datastore")


def derive(environment: Environment) -> Iterator[Check | Excluded]:
    """One for each service that has a liveness of its own, and can be asked for it."""
    for name, service in environment.services.items():
        if service.health.live is None:
            yield excluded("liveness", name, "the file names no liveness (health.live)")
        elif not asked_itself(service):
            yield excluded("liveness", name, f"private: only {service.health.via} reaches it")
        else:
            yield check("liveness", name, of_the_process_alone)


async def of_the_process_alone(target: Target) -> None:
    """Liveness answers 200 in time, to anybody, and says nothing of what the service needs."""
    health, trail = target.service.health, current()
    path = health.live or ""
    anybody = target.at(target.url, bare=True)
    for _ in range(CALLS):
        trail.extend(health.within_s)
        before = len(trail.exchanges)
        response = await anybody.get(path, expect=200)
        slowest_ms = max(each.duration_ms for each in trail.exchanges[before:])
        must_be_within(f"GET {path}", slowest_ms, health.within_s)
        body = _body(response)
        met = _looked_at(body) | ({*_names(body)} & {*target.service.depends_on})
        if met:
            raise ContractViolation(
                "liveness looks at more than the process",
                expected="nothing about what the service depends on",
                came=f"an entry for {', '.join(sorted(met))}",
            )


def _names(tree: object) -> Iterator[str]:
    """Every name in a body, also those before a colon."""
    if isinstance(tree, dict):
        for key, value in tree.items():
            yield component_of(key)
            yield from _names(value)
    elif isinstance(tree, list):
        for value in tree:
            yield from _names(value)


def _looked_at(body: object) -> set[str]:
    """The components in a health answer that are elsewhere, by their own account."""
    checks = body.get("checks") if isinstance(body, dict) else None
    return {
        component_of(key)
        for key, entries in (checks.items() if isinstance(checks, dict) else ())
        for entry in (entries if isinstance(entries, list) else ())
        if isinstance(entry, dict) and entry.get("componentType") in _ELSEWHERE
    }


def _body(response: httpx.Response) -> object:
    try:
        return json.loads(response.content)
    except (ValueError, RecursionError):
        return None

"""Whom to ask about a service, and what to look for in the answer."""

from collections.abc import Awaitable, Callable, Mapping

import httpx

from harness.check import Check
from harness.ending import is_loopback
from harness.environment import Environment, Service
from harness.model import Excluded
from harness.target import Target

UNHEALTHY = 503
# What a stack that is started here will fill in.
_OURS = "${stack:"


def asked_itself(service: Service) -> bool:
    """Whether we can ask it: only on this machine is a private one not behind another."""
    return service.health.via is None or is_loopback(service.url) or _OURS in service.url


def speaks(environment: Environment, name: str) -> Service:
    """In whose health answer a service is seen, by us."""
    service = environment.services[name]
    return service if asked_itself(service) else environment.services[service.health.via or name]


def speaker(target: Target, targets: Mapping[str, Target]) -> Target:
    """The same, to be asked."""
    return target if asked_itself(target.service) else targets[target.service.health.via or ""]


def spoken_of(name: str, service: Service) -> list[str]:
    """The components that have to be told of, by whoever speaks for a service."""
    return service.depends_on if asked_itself(service) else [name]


async def look(target: Target) -> httpx.Response:
    """A health answer. Who is unhealthy has to tell the truth as well, so 503 will do."""
    health = target.service.health
    return await target.get(health.path, expect=(health.expect_status, UNHEALTHY))


def check(aspect: str, name: str, function: Callable[..., Awaitable[None]]) -> Check:
    """The check of one aspect of one service."""
    return Check(id=f"truth.{aspect}.{name}", service=name, function=function)


def excluded(aspect: str, name: str, reason: str) -> Excluded:
    """The same, where it cannot be done."""
    return Excluded(id=f"truth.{aspect}.{name}", reason=reason, service=name)


def only_a_status(environment: Environment, name: str) -> str | None:
    """Why nothing can be read in the health answer that a service is seen in; None where it can."""
    if speaks(environment, name).health.format == "none":
        return "the health answer is a status alone (health.format: none)"
    return None

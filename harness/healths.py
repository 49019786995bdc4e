"""Health answers, read for what they tell, whether or not they say that all is well."""

from dataclasses import dataclass
from functools import partial

import httpx

from harness.environment import Environment
from harness.errors import ContractViolation, NoData, Unreachable
from harness.exchange import EvidenceClient
from harness.identities import Identities
from harness.redaction import Redactor
from harness.target import Target


@dataclass(frozen=True, slots=True)
class Heard:
    """The body of a health answer, or why there is none."""

    body: object = None
    trouble: str | None = None


def speaker(environment: Environment, service: str) -> str:
    """In whose health answer a service is seen."""
    return environment.services[service].health.via or service


async def heard(environment: Environment, client: EvidenceClient, name: str) -> Heard:
    """What a service answers to its health call now; no answer but that and 503 tells anything."""
    targets = {each: Target(each, s, client) for each, s in environment.services.items()}
    service = environment.services[name]
    who = Identities(environment, targets, Redactor())
    asker = partial(who.headers, service.identity) if service.identity else None
    statuses = (service.health.expect_status, 503)
    try:
        target = Target(name, service, client, who=asker)
        return _read(await target.get(service.health.path, expect=statuses))
    except (ContractViolation, Unreachable, NoData) as error:
        return Heard(trouble=str(error))


def _read(response: httpx.Response) -> Heard:
    if response.headers.get("age", "0").strip() != "0":
        return Heard(trouble="its health answer is from a cache")
    try:
        return Heard(body=response.json())
    except (ValueError, RecursionError):
        return Heard(trouble="its health answer is no JSON")

"""Does every declared address lead to the service that it is declared for?"""

from collections.abc import Iterator

from pydantic import BaseModel

from harness.check import Check, expect, parse
from harness.environment import Environment
from harness.errors import ContractViolation, NoData
from harness.target import Target


class Identified(BaseModel):
    """What a health answer says of whose it is."""

    serviceId: str | None = None  # noqa: N815  the draft's spelling


def derive(environment: Environment) -> Iterator[Check]:
    """One check for each public service that has several addresses or says who it is."""
    for name, service in environment.services.items():
        says_more = service.also_at or service.health.service_id is not None
        if service.visibility == "public" and says_more:
            yield Check(id=f"urls.{name}", service=name, function=as_declared)


async def as_declared(target: Target) -> None:
    """Each address of a service is answered by that service, and not by another one."""
    service = target.service
    seen: dict[str, str | None] = {}
    for url in service.urls:
        response = await target.at(url).get(
            service.health.path, expect=service.health.expect_status, shared=True
        )
        if service.health.format == "none":
            continue
        seen[url] = parse(Identified, response).serviceId
        if service.health.service_id is not None:
            expect(f"serviceId at {url}", expected=service.health.service_id, came=seen[url])
    if seen:
        _must_agree(seen)


def _must_agree(seen: dict[str, str | None]) -> None:
    said = set(seen.values())
    if len(said) > 1:
        raise ContractViolation(
            "the addresses are answered by different services",
            expected="one serviceId at all of them",
            came=", ".join(f"{name!r} at {url}" for url, name in seen.items()),
        )
    if said == {None}:
        raise NoData("no address says whose it is: their health has no serviceId")

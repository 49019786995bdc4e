"""Whose answer is this? What tells a private service's answers from those of others."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Self

import httpx
from pydantic import BaseModel, Field, ValidationError

from harness.checks.health import Status
from harness.environment import Service


class _Said(BaseModel):
    """What a health answer says of who gives it."""

    status: Status
    service_id: str | None = Field(None, alias="serviceId")
    instance_id: str | None = Field(None, alias="instanceId")


class _Entry(BaseModel):
    instance_id: str | None = Field(None, alias="instanceId")


class _Vouching(BaseModel):
    checks: dict[str, list[_Entry]] = {}


@dataclass(frozen=True, slots=True, kw_only=True)
class Speaker:
    """How a service is known by its health answer.

    Attributes:
        service_id: What its `serviceId` says.
        instances: What its `instanceId` may say.
        bare_status: The status of an answer that says nothing of who gives it; None where
            the answers of this service do say it.
    """

    service_id: str
    instances: frozenset[str] = frozenset()
    bare_status: int | None = None

    @classmethod
    def of(cls, name: str, service: Service, vouching: httpx.Response | None) -> Self:
        """As the environment file declares it, and the public service before it tells.

        Args:
            vouching: The public service's health answer, where it holds an entry for this one.
        """
        health = service.health
        return cls(
            service_id=health.service_id or name,
            instances=frozenset(_instances(name, vouching))
            if vouching is not None
            else frozenset(),
            bare_status=health.expect_status if health.format == "none" else None,
        )

    def gave(self, status: int, body: bytes) -> bool | None:
        """Whether an answer is this service's; None where only a comparison can tell."""
        try:
            said = _Said.model_validate_json(body)
        except ValidationError:
            return None if status == self.bare_status else False
        if said.service_id == self.service_id or said.instance_id in self.instances:
            return True
        if said.service_id is None and said.instance_id is None:
            return None if self.bare_status in (None, status) else False
        return False


def _instances(name: str, vouching: httpx.Response) -> Iterator[str]:
    """The instances of a service that another one's health answer names."""
    try:
        checks: Mapping[str, list[_Entry]] = _Vouching.model_validate_json(vouching.content).checks
    except ValidationError:
        return
    for key, entries in checks.items():
        if key.partition(":")[0] == name:
            yield from (entry.instance_id for entry in entries if entry.instance_id)

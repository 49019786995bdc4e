"""A health answer, read for all that it says, whether or not it says that all is well.

Source: draft-inadarei-api-health-check-06.
"""

from collections.abc import Iterator
from typing import Annotated, Any

import httpx
from pydantic import AwareDatetime, BaseModel, Field

from harness.check import expect, parse
from harness.checks.health import MEDIA_TYPE, Status
from harness.errors import ContractViolation


class Reading(BaseModel):
    """One measurement of a component."""

    status: Status
    time: AwareDatetime | None = None
    observed_value: Any = Field(None, alias="observedValue")
    observed_unit: str | None = Field(None, alias="observedUnit")
    component_type: str | None = Field(None, alias="componentType")
    release: str | None = Field(None, alias="releaseId")
    instance: str | None = Field(None, alias="instanceId")


class Answer(BaseModel):
    """What a health answer says."""

    status: Status
    release: str | None = Field(None, alias="releaseId")
    instance: str | None = Field(None, alias="instanceId")
    checks: dict[str, Annotated[list[Reading], Field(min_length=1)]] = {}

    def of(self, component: str) -> list[Reading]:
        """The measurements of a component, named before the colon of a key."""
        return [reading for key, reading in self.readings() if component_of(key) == component]

    def readings(self) -> Iterator[tuple[str, Reading]]:
        """Each measurement with its key."""
        for key, entries in self.checks.items():
            yield from ((key, entry) for entry in entries)

    def components(self) -> dict[str, str]:
        """The state of each component; `fail` where one of its measurements says so."""
        found: dict[str, str] = {}
        for key, reading in self.readings():
            name = component_of(key)
            found[name] = "fail" if "fail" in (found.get(name), reading.status) else reading.status
        return found


def component_of(key: str) -> str:
    """What a key of `checks` is about: `postgres:responseTime` is about postgres."""
    return key.partition(":")[0]


def read(response: httpx.Response) -> Answer:
    """
    Raises:
        ContractViolation: It is no health answer, or its body and its status code disagree.
    """
    media_type = response.headers.get("content-type", "").partition(";")[0].strip().lower()
    expect("content type of health", expected=MEDIA_TYPE, came=media_type)
    answer = parse(Answer, response)
    agrees = (answer.status == "fail") == (response.status_code >= 400)
    if not agrees:
        raise ContractViolation(
            "body and status code disagree",
            expected="`fail` with 4xx or 5xx, `pass` or `warn` below",
            came=f"`{answer.status}` with {response.status_code}",
        )
    return answer

"""Health: readiness with its dependencies, liveness without.

Source: draft-inadarei-api-health-check-06.
"""

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal, Protocol

from fastapi import APIRouter
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field

from services.settings import Settings

MEDIA_TYPE = "application/health+json"
NO_STORE = {"Cache-Control": "no-store"}
Status = Literal["pass", "fail"]


class Measurement(BaseModel):
    """One look at one dependency."""

    status: Status
    componentType: str  # noqa: N815 - the draft's spelling, and so for those below
    observedValue: float = Field(description="Milliseconds until the answer, or until giving up.")  # noqa: N815
    observedUnit: Literal["ms"] = "ms"  # noqa: N815
    time: datetime
    output: str | None = Field(None, description="What is wrong, in words that name no host.")
    releaseId: str | None = None  # noqa: N815
    instanceId: str | None = None  # noqa: N815


class Revision(BaseModel):
    """Which revision a schema has: that of a datastore, or of the one behind a service."""

    status: Status
    componentType: Literal["datastore"] = "datastore"  # noqa: N815
    observedValue: int  # noqa: N815
    observedUnit: Literal["revision"] = "revision"  # noqa: N815
    oldestCompatible: int = Field(description="The oldest revision of code that it serves.")  # noqa: N815
    time: datetime


class HealthDocument(BaseModel):
    """The body of `/health` and `/health/live`."""

    status: Status
    serviceId: str  # noqa: N815
    releaseId: str  # noqa: N815
    instanceId: str  # noqa: N815
    checks: dict[str, list[Measurement | Revision]] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What a dependency tells of itself.

    Attributes:
        identity: More members for its entry, such as `releaseId`.
        schema: The revision of its schema, and the oldest of code that this serves.
    """

    identity: Mapping[str, str] = field(default_factory=dict)
    schema: tuple[int, int] | None = None


class Unhealthy(Exception):  # noqa: N818 - a finding, not a defect
    """A dependency answered, and says that it cannot serve.

    Args:
        finding: What is wrong; shown.
        told: What it tells of itself nevertheless.
    """

    def __init__(self, finding: str, told: Told | None = None) -> None:
        self.told = told or Told()
        super().__init__(finding)


class Dependency(Protocol):
    """Something that a service cannot work without."""

    component: str
    component_type: str
    limit_s: float

    async def probe(self) -> Told:
        """Looks at it now.

        Raises:
            Unhealthy: It answered that it cannot serve.
            Exception: It did not answer; the text is not shown.
        """
        ...


Checks = dict[str, list[Measurement | Revision]]


class HealthCheck:
    """Looks at all dependencies at the call; calls at the same time share one look."""

    def __init__(self, dependencies: list[Dependency]) -> None:
        self._dependencies = dependencies
        self._look: asyncio.Task[Checks] | None = None

    async def checks(self) -> Checks:
        if self._look is None or self._look.done():
            self._look = asyncio.create_task(self._look_at_all())
        # Shielded: one caller that goes away must not end the look of the others.
        return await asyncio.shield(self._look)

    async def _look_at_all(self) -> Checks:
        measured = await asyncio.gather(*(_measure(each) for each in self._dependencies))
        return {name: entries for each in measured for name, entries in each.items()}


async def _measure(dependency: Dependency) -> Checks:
    started_s = time.perf_counter()
    output: str | None = None
    told = Told()
    try:
        async with asyncio.timeout(dependency.limit_s):
            told = await dependency.probe()
    except Unhealthy as finding:
        output = str(finding)
        told = finding.told
    except TimeoutError:
        output = f"no answer within {dependency.limit_s} s"
    except Exception:  # noqa: BLE001 - whatever it is, the dependency did not answer
        output = "no answer"
    looked = {"status": "pass" if output is None else "fail", "time": datetime.now(UTC)}
    checks: Checks = {
        f"{dependency.component}:responseTime": [
            Measurement.model_validate(
                {
                    **looked,
                    "componentType": dependency.component_type,
                    "observedValue": round((time.perf_counter() - started_s) * 1000, 1),
                    "output": output,
                    **told.identity,
                }
            )
        ]
    }
    if told.schema is not None:
        revision, oldest = told.schema
        schema = {**looked, "observedValue": revision, "oldestCompatible": oldest}
        checks[f"{dependency.component}:schema"] = [Revision.model_validate(schema)]
    return checks


def health_router(service: str, settings: Settings, dependencies: list[Dependency]) -> APIRouter:
    """`GET /health` and `GET /health/live`, without identity."""
    router = APIRouter(tags=["health"])
    check = HealthCheck(dependencies)

    def document(checks: Checks | None) -> JSONResponse:
        entries = [entry for entries in (checks or {}).values() for entry in entries]
        healthy = all(entry.status == "pass" for entry in entries)
        body = HealthDocument(
            status="pass" if healthy else "fail",
            serviceId=service,
            releaseId=settings.release_id,
            instanceId=settings.instance_id,
            checks=checks,
        )
        return JSONResponse(
            body.model_dump(mode="json", exclude_none=True),
            200 if healthy else 503,
            headers=NO_STORE,
            media_type=MEDIA_TYPE,
        )

    described: dict[int | str, dict[str, Any]] = {
        status: {
            "description": text,
            "model": HealthDocument,
            "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/HealthDocument"}}},
        }
        for status, text in ((200, "It can do its work."), (503, "It cannot: see `checks`."))
    }

    @router.get("/health", responses=described, response_class=JSONResponse)
    async def readiness() -> JSONResponse:
        """Can this instance do its work now?"""
        return document(await check.checks())

    @router.get("/health/live", responses={200: described[200]}, response_class=JSONResponse)
    async def liveness() -> JSONResponse:
        """Does the process itself answer?"""
        return document(None)

    return router

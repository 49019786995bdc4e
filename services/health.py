"""Health: readiness with its dependencies, liveness without.

Source: draft-inadarei-api-health-check-06.
"""

import asyncio
import time
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


class HealthDocument(BaseModel):
    """The body of `/health` and `/health/live`."""

    status: Status
    serviceId: str  # noqa: N815
    releaseId: str  # noqa: N815
    instanceId: str  # noqa: N815
    checks: dict[str, list[Measurement]] | None = None


class Unhealthy(Exception):  # noqa: N818 - a finding, not a defect
    """A dependency answered, and says that it cannot serve.

    Args:
        finding: What is wrong; shown.
        more: More members for its entry, as `Dependency.probe` gives when all is well.
    """

    def __init__(self, finding: str, **more: str) -> None:
        self.more = more
        super().__init__(finding)


class Dependency(Protocol):
    """Something that a service cannot work without."""

    component: str
    component_type: str
    limit_s: float

    async def probe(self) -> dict[str, str]:
        """Looks at it now.

        Returns:
            More members for its entry, such as `releaseId`.

        Raises:
            Unhealthy: It answered that it cannot serve.
            Exception: It did not answer; the text is not shown.
        """
        ...


class HealthCheck:
    """Looks at all dependencies at the call; calls at the same time share one look."""

    def __init__(self, dependencies: list[Dependency]) -> None:
        self._dependencies = dependencies
        self._look: asyncio.Task[dict[str, list[Measurement]]] | None = None

    async def checks(self) -> dict[str, list[Measurement]]:
        if self._look is None or self._look.done():
            self._look = asyncio.create_task(self._look_at_all())
        # Shielded: one caller that goes away must not end the look of the others.
        return await asyncio.shield(self._look)

    async def _look_at_all(self) -> dict[str, list[Measurement]]:
        measured = await asyncio.gather(*(_measure(each) for each in self._dependencies))
        return {
            f"{dependency.component}:responseTime": [measurement]
            for dependency, measurement in zip(self._dependencies, measured, strict=True)
        }


async def _measure(dependency: Dependency) -> Measurement:
    started_s = time.perf_counter()
    output: str | None = None
    more: dict[str, str] = {}
    try:
        async with asyncio.timeout(dependency.limit_s):
            more = await dependency.probe()
    except Unhealthy as finding:
        output = str(finding)
        more = finding.more
    except TimeoutError:
        output = f"no answer within {dependency.limit_s} s"
    except Exception:  # noqa: BLE001 - whatever it is, the dependency did not answer
        output = "no answer"
    return Measurement.model_validate(
        {
            "status": "pass" if output is None else "fail",
            "componentType": dependency.component_type,
            "observedValue": round((time.perf_counter() - started_s) * 1000, 1),
            "time": datetime.now(UTC),
            "output": output,
            **more,
        }
    )


def health_router(service: str, settings: Settings, dependencies: list[Dependency]) -> APIRouter:
    """`GET /health` and `GET /health/live`, without identity."""
    router = APIRouter(tags=["health"])
    check = HealthCheck(dependencies)

    def document(checks: dict[str, list[Measurement]] | None) -> JSONResponse:
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

"""A stranger's small system: a front that needs a store. It knows nothing of KeyArc."""

import json
import os
from typing import Any

import httpx
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

LIMIT_S = 1.0


def answered(name: str, **needs: bool) -> Response:
    """A health answer."""
    checks = {need: [{"status": "pass" if well else "fail"}] for need, well in needs.items()}
    well = all(needs.values())
    body = {"status": "pass" if well else "fail", "serviceId": name, "checks": checks}
    return Response(
        json.dumps(body),
        200 if well else 503,
        {"Cache-Control": "no-store"},
        "application/health+json",
    )


async def store_health(_request: Request) -> Response:
    return answered("store")


async def front_health(_request: Request) -> Response:
    return answered("front", store=await _is_well())


async def alive(_request: Request) -> Response:
    return answered("alive")


async def _is_well() -> bool:
    if os.environ.get("LIES"):
        return True
    try:
        async with httpx.AsyncClient(timeout=LIMIT_S, trust_env=False) as client:
            answer = await client.get(f"{os.environ['STORE_URL']}/health")
            return answer.status_code == 200 and answer.json()["status"] == "pass"
    except (httpx.HTTPError, ValueError, KeyError):
        return False


def app(health: Any) -> Starlette:
    return Starlette(routes=[Route("/health", health), Route("/health/live", alive)])


store, front = app(store_health), app(front_health)

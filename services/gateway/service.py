"""A private service, as the gateway sees it."""

import json
from typing import Any, TypeGuard

import httpx

from services.forward import BrokenAnswer, Upstream
from services.health import Told, Unhealthy
from services.problem import GATEWAY_REFUSED
from services.problem import MEDIA_TYPE as PROBLEM

MAX_ID_CHARS = 128
MAX_REVISION = 2**31 - 1


class PrivateService(Upstream):
    """Only the gateway reaches it, and shows it the internal token."""

    def check(self, answer: httpx.Response) -> None:
        super().check(answer)
        if GATEWAY_REFUSED in answer.headers:
            # Its 401 is about the gateway. The client, who is logged in, must not hear it.
            raise BrokenAnswer("the internal token was refused")
        if not _is_of_a_service(answer):
            # A page of whatever stands in between, say: it is none of the client's business.
            raise BrokenAnswer("an answer such as the services never give")


class ServiceHealth:
    """A private service as a dependency of the gateway's health, told with its release."""

    component_type = "component"
    limit_s = 1.5

    def __init__(self, service: Upstream) -> None:
        self.component = service.name
        self._service = service

    async def probe(self) -> Told:
        status, body = await self._service.get("/health")
        document = _document(body)
        who = {
            name: value
            for name in ("releaseId", "instanceId")
            if _is_id(value := document.get(name))
        }
        told = Told(identity=who, schema=_schema(document))
        if status != 200 or document.get("status") != "pass":
            raise Unhealthy("it says that it cannot do its work", told)
        return told


def _is_of_a_service(answer: httpx.Response) -> bool:
    """Whether it has the form of what a private service says: JSON, a problem, or nothing."""
    if answer.status_code == 204:
        return True
    kind = str(answer.headers.get("content-type", "")).partition(";")[0].strip().lower()
    if answer.status_code >= 400:
        return kind == PROBLEM
    return answer.status_code < 300 and kind == "application/json"


def _is_id(value: object) -> TypeGuard[str]:
    return (
        isinstance(value, str)
        and value.isascii()
        and value.isprintable()
        and len(value) <= MAX_ID_CHARS
    )


def _schema(document: dict[str, Any]) -> tuple[int, int] | None:
    """What its database is at, and serves, as it tells it itself."""
    try:
        entry = document["checks"]["postgres:schema"][0]
        revision, oldest = entry["observedValue"], entry["oldestCompatible"]
    except (LookupError, TypeError):
        return None
    return (revision, oldest) if _is_revision(revision) and _is_revision(oldest) else None


def _is_revision(value: object) -> TypeGuard[int]:
    return type(value) is int and 0 <= value <= MAX_REVISION


def _document(body: bytes) -> dict[str, Any]:
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        document = None
    if not isinstance(document, dict):
        raise Unhealthy("its answer is not a health document")
    return document

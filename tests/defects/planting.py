"""How defects are made: from answers that are changed on their way, or given by somebody else."""

import json
from collections.abc import Callable
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from tests.defects.door import Defect, Forward

Change = Callable[[Any], Any]


def when(beginning: str, defect: Defect, *, method: str | None = None) -> Defect:
    """It shows at paths that begin so, whatever stands before them where services have two."""

    async def planted(request: Request, forward: Forward) -> Response:
        path = request.url.path
        for prefix in ("/auth", "/api"):
            path = path.removeprefix(prefix)
        if path.startswith(beginning) and method in (None, request.method):
            return await defect(request, forward)
        return await forward(request)

    return planted


def from_outside(defect: Defect) -> Defect:
    """It shows to whoever comes through the edge; the stack that starts the service is none."""

    async def planted(request: Request, forward: Forward) -> Response:
        if "x-forwarded-host" in request.headers:
            return await defect(request, forward)
        return await forward(request)

    return planted


def header(name: str, value: str | None) -> Defect:
    """A header is another one, or is missing."""

    async def planted(request: Request, forward: Forward) -> Response:
        response = await forward(request)
        kept = [pair for pair in response.raw_headers if pair[0].lower() != name.encode()]
        added = [] if value is None else [(name.encode(), value.encode())]
        response.raw_headers = kept + added
        return response

    return planted


def body(change: Change) -> Defect:
    """The JSON body is another one."""

    async def planted(request: Request, forward: Forward) -> Response:
        response = await forward(request)
        try:
            tree = change(json.loads(bytes(response.body)))
        except (ValueError, KeyError, TypeError):
            return response  # It is none that the defect is about.
        response.body = json.dumps(tree).encode()
        response.headers["content-length"] = str(len(response.body))
        return response

    return planted


def members(**changes: Any) -> Defect:
    """Members of the body are others, or missing where None."""
    return body(lambda tree: {k: v for k, v in {**tree, **changes}.items() if v is not None})


def instead(status: int, tree: Any = None, **headers: str) -> Defect:
    """Nothing is done, and this is answered."""

    async def planted(request: Request, forward: Forward) -> Response:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        content = b"" if tree is None else json.dumps(tree).encode()
        media_type = None if tree is None else "application/json"
        return Response(content, status, named, media_type)

    return planted


def with_headers(request: Request, **headers: str) -> Request:
    """The same request with other headers; empty ones are left out."""
    names = {name.replace("_", "-").encode(): value.encode() for name, value in headers.items()}
    kept = [pair for pair in request.scope["headers"] if pair[0] not in names]
    changed = kept + [pair for pair in names.items() if pair[1]]
    return Request({**request.scope, "headers": changed}, request.receive)

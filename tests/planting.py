"""Ways in which an answer can be wrong, as defects to be planted before a service.

A defect gets the request, and a way to have the service answer it.
"""

import json
from collections.abc import Awaitable, Callable

from starlette.requests import Request
from starlette.responses import Response

Forward = Callable[[Request], Awaitable[Response]]
Defect = Callable[[Request, Forward], Awaitable[Response]]
Tree = dict[str, object]


def when(method: str, path: str, answer: Defect) -> Defect:
    """The defect shows at these requests only; `path` is how the path begins."""
    return where(lambda r: r.method == method and r.url.path.startswith(path), answer)


def where(condition: Callable[[Request], bool], answer: Defect) -> Defect:
    async def defect(request: Request, forward: Forward) -> Response:
        return await (answer(request, forward) if condition(request) else forward(request))

    return defect


def status(code: int) -> Defect:
    """The answer comes, under another status."""

    async def defect(request: Request, forward: Forward) -> Response:
        answer = await forward(request)
        answer.status_code = code
        return answer

    return defect


def header(name: str, value: str | None) -> Defect:
    """A header is another one, or is missing."""

    async def defect(request: Request, forward: Forward) -> Response:
        answer = await forward(request)
        if value is None:
            del answer.headers[name]
        else:
            answer.headers[name] = value
        return answer

    return defect


def members(**changes: object) -> Defect:
    """Members of the body are others, or missing where None."""

    def change(body: Tree) -> None:
        for name, value in changes.items():
            body.pop(name, None)
            if value is not None:
                body[name] = value

    return body(change)


def body(change: Callable[[Tree], None]) -> Defect:
    """The body is another one."""

    async def defect(request: Request, forward: Forward) -> Response:
        answer = await forward(request)
        tree = json.loads(bytes(answer.body))
        change(tree)
        return answered(answer, tree)

    return defect


def answered(answer: Response, tree: Tree) -> Response:
    headers = {k: v for k, v in answer.headers.items() if k != "content-length"}
    return Response(json.dumps(tree), answer.status_code, headers)


def instead(code: int, tree: object = None) -> Defect:
    """Nothing is done, and this is answered."""

    async def defect(request: Request, forward: Forward) -> Response:
        if tree is None:
            return Response(status_code=code)
        return Response(json.dumps(tree), code, media_type="application/json")

    return defect


def with_headers(request: Request, **changes: str | None) -> Request:
    """The request with other headers; `_` stands for `-`, None takes one away."""
    changed = {name.replace("_", "-").encode(): value for name, value in changes.items()}
    kept = [pair for pair in request.scope["headers"] if pair[0] not in changed]
    added = [(name, value.encode()) for name, value in changed.items() if value is not None]
    return Request({**request.scope, "headers": [*kept, *added]}, request.receive)

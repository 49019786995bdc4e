"""Ways to lose what was acknowledged, or not to, as defects for the gateway's door."""

import json
from collections.abc import Callable
from itertools import count

from starlette.requests import Request
from starlette.responses import Response

from tests.planting import (
    Defect,
    Forward,
    Tree,
    body,
    instead,
    members,
    when,
    where,
    with_headers,
)
from tests.suites.defects.faulty import unwritten

SECRETS = "/keys/secrets"
NOT_NOW = {"type": "about:blank", "title": "x", "status": 503, "detail": "x", "request_id": "x"}


def some(defect: Defect) -> Defect:
    """It shows at every third request that it is about."""
    numbers = count(1)

    async def now_and_then(request: Request, forward: Forward) -> Response:
        return await (defect if next(numbers) % 3 == 0 else forward_only)(request, forward)

    return now_and_then


async def forward_only(request: Request, forward: Forward) -> Response:
    return await forward(request)


async def not_kept(request: Request, forward: Forward) -> Response:
    """A secret is made, acknowledged, and gone."""
    answer = await forward(request)
    if answer.status_code == 201:
        path = f"{SECRETS}/{json.loads(bytes(answer.body))['id']}"
        asked = with_headers(request, content_length=None, content_type=None)
        asked.scope.update(method="DELETE", path=path, raw_path=path.encode())
        asked._body = b""
        await forward(asked)
    return answer


async def twice(request: Request, forward: Forward) -> Response:
    """The key of a request is not looked at, and it is done as often as it comes."""
    without = with_headers(request, idempotency_key=None)
    without._body = await request.body()
    await forward(without)
    return await forward(without)


async def echo(request: Request, forward: Forward) -> Response:
    """A new name is acknowledged, and not kept."""
    sent = json.loads(await request.body())
    return await members(**sent)(request, _unwritten(forward))


def _unwritten(forward: Forward) -> Forward:
    async def pretend(request: Request) -> Response:
        asked = with_headers(request, content_length=None)
        asked.scope["method"] = "GET"
        asked._body = b""  # It was read; whoever reads it again would wait.
        return await forward(asked)

    return pretend


def unheard(*, done: bool) -> Defect:
    """What was done, or was not, is not acknowledged."""

    async def defect(request: Request, forward: Forward) -> Response:
        if done:
            await forward(request)
        return Response(
            json.dumps(NOT_NOW), 503, {"retry-after": "1"}, media_type="application/problem+json"
        )

    return defect


def _is_a_list(request: Request) -> bool:
    return request.method == "GET" and request.url.path == SECRETS


async def _without_the_first(request: Request, forward: Forward) -> Response:
    def cut(page: Tree) -> None:
        items = page["items"]
        assert isinstance(items, list)
        del items[:1]

    return await body(cut)(request, forward)


# Each with what a sentence about it says.
LOSSES: dict[str, tuple[Defect, str]] = {
    "a secret is not kept": (when("POST", SECRETS, some(not_kept)), "came nothing"),
    "a secret is kept twice": (when("POST", SECRETS, some(twice)), "is there twice"),
    "an update is not done": (when("PUT", SECRETS, some(unwritten)), "expected"),
    "a removal is not done": (when("DELETE", SECRETS, some(instead(204))), "expected nothing"),
    "a name is not kept": (when("PUT", "/account", echo), "expected"),
    "a list leaves some out": (where(_is_a_list, _without_the_first), "came nothing"),
}
HARMLESS: dict[str, Callable[[], Defect]] = {
    "done and not acknowledged": lambda: unheard(done=True),
    "neither done nor acknowledged": lambda: unheard(done=False),
    "answered with what is no answer of KeyArc": lambda: instead(200, {"rubbish": True}),
    "done, and answered with another status": lambda: _as_500,
}


async def _as_500(request: Request, forward: Forward) -> Response:
    await forward(request)
    return Response("<html>", 500, media_type="text/html")

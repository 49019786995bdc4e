"""A stand-in, not Fly's proxy: obeys `fly-replay` as Fly documents it, as far as KeyArc needs it.

It has a name for each app, sends the very request again where an answer says so, adds
`fly-replay-src`, and refuses what is over 1 MB. Source: Fly's "Dynamic request routing".
"""

from collections.abc import Mapping

import httpx
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

REPLAYED_AT_MOST_BYTES = 1_000_000
REPLAYS_AT_MOST = 10


class FlyProxy:
    """In front of the app that a public name leads to.

    Args:
        app: The app that is asked first.
        urls: Where each app is.
    """

    def __init__(self, app: str, urls: Mapping[str, str]) -> None:
        self._first = app
        self._urls = urls

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        request = Request(scope, receive)
        response = await self._answer(request, await request.body())
        await response(scope, receive, send)

    async def _answer(self, request: Request, body: bytes) -> Response:
        headers = [*request.headers.raw, (b"fly-client-ip", b"198.51.100.7")]
        app = self._first
        async with httpx.AsyncClient(verify=False) as client:
            for _ in range(REPLAYS_AT_MOST + 1):
                target = request.scope["raw_path"] + b"?" + request.scope["query_string"]
                url = httpx.URL(self._urls[app], raw_path=target)
                came = await client.request(request.method, url, headers=headers, content=body)
                if "fly-replay" not in came.headers:
                    return Response(came.content, came.status_code, dict(came.headers))
                if len(body) > REPLAYED_AT_MOST_BYTES:
                    return Response("PA01", 502)
                headers = [*headers, (b"fly-replay-src", b"instance=1;region=iad;t=1")]
                app = came.headers["fly-replay"].removeprefix("app=")
                if app not in self._urls:
                    return Response("PA04", 502)
        return Response("PA02", 502)

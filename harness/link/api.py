"""The HTTP API of links: Toxiproxy's, and beside it the statistics and the reset of one link."""

import json
from collections.abc import Awaitable, Callable
from typing import Any

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from harness import __version__
from harness.link.link import Link
from harness.link.proxies import Proxies, shown
from harness.link.refusal import Refusal
from harness.link.toxic import Toxic, read

_MOST_BYTES = 4 * 1024 * 1024
_Handler = Callable[[Request], Awaitable[Response]]


def application(proxies: Proxies) -> Starlette:
    """The API as an ASGI application; it has to run on the loop of its links."""
    api = _Api(proxies)
    one, toxics = "/proxies/{proxy}", "/proxies/{proxy}/toxics"
    routes: list[tuple[str, str, _Handler]] = [
        ("GET", "/proxies", api.index),
        ("POST", "/proxies", api.create),
        ("POST", "/populate", api.populate),
        ("POST", "/reset", api.reset_all),
        ("GET", "/version", api.version),
        ("GET", one, api.show),
        ("POST", one, api.change),
        ("PATCH", one, api.change),
        ("DELETE", one, api.delete),
        ("GET", f"{one}/statistics", api.statistics),
        ("POST", f"{one}/reset", api.reset),
        ("GET", toxics, api.toxics),
        ("POST", toxics, api.add),
        ("GET", f"{toxics}/{{toxic}}", api.toxic),
        ("POST", f"{toxics}/{{toxic}}", api.change_toxic),
        ("PATCH", f"{toxics}/{{toxic}}", api.change_toxic),
        ("DELETE", f"{toxics}/{{toxic}}", api.remove),
    ]
    return Starlette(
        routes=[Route(path, handler, methods=[method]) for method, path, handler in routes],
        middleware=[Middleware(_NoBrowsers)],
        exception_handlers={Refusal: _refused},
    )


class _Api:
    def __init__(self, proxies: Proxies) -> None:
        self._proxies = proxies

    async def index(self, request: Request) -> Response:
        return JSONResponse({link.name: shown(link) for link in self._proxies})

    async def create(self, request: Request) -> Response:
        return JSONResponse(shown(self._proxies.create(await _object(request))), 201)

    async def populate(self, request: Request) -> Response:
        bodies = await _body(request)
        if not isinstance(bodies, list) or not all(isinstance(each, dict) for each in bodies):
            raise Refusal(400, "bad request body: it is no list of proxies")
        made: list[Link] = []
        failed: dict[str, Any] = {}
        try:
            made.extend(self._proxies.populate(bodies))
        except Refusal as refusal:
            failed = _said(refusal)
        links = [shown(link) for link in made]
        return JSONResponse({**failed, "proxies": links}, failed.get("status", 201))

    async def reset_all(self, request: Request) -> Response:
        self._proxies.reset()
        return Response(status_code=204)

    async def version(self, request: Request) -> Response:
        return JSONResponse({"version": __version__})

    async def show(self, request: Request) -> Response:
        return JSONResponse(shown(self._link(request)))

    async def change(self, request: Request) -> Response:
        link = self._link(request)
        self._proxies.change(link, await _object(request))
        return JSONResponse(shown(link))

    async def delete(self, request: Request) -> Response:
        self._proxies.delete(self._link(request).name)
        return Response(status_code=204)

    async def statistics(self, request: Request) -> Response:
        return JSONResponse(self._link(request).statistics())

    async def reset(self, request: Request) -> Response:
        self._proxies.reset(self._link(request))
        return Response(status_code=204)

    async def toxics(self, request: Request) -> Response:
        return JSONResponse([each.shown() for each in self._link(request).toxics.values()])

    async def add(self, request: Request) -> Response:
        link, body = self._link(request), await _object(request)
        toxic = read(body)
        if toxic.name in link.toxics:
            raise Refusal(409, "toxic already exists")
        link.put(toxic)
        return JSONResponse(toxic.shown())

    async def toxic(self, request: Request) -> Response:
        return JSONResponse(self._toxic(request).shown())

    async def change_toxic(self, request: Request) -> Response:
        link, body = self._link(request), await _object(request)
        toxic = self._toxic(request).changed(body)
        link.put(toxic)
        return JSONResponse(toxic.shown())

    async def remove(self, request: Request) -> Response:
        self._link(request).take(self._toxic(request).name)
        return Response(status_code=204)

    def _link(self, request: Request) -> Link:
        return self._proxies[request.path_params["proxy"]]

    def _toxic(self, request: Request) -> Toxic:
        toxic = self._link(request).toxics.get(request.path_params["toxic"])
        if toxic is None:
            raise Refusal(404, "toxic not found")
        return toxic


class _NoBrowsers:
    """Refuses what comes out of a page that somebody is looking at, as Toxiproxy does."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        agents = [value for name, value in scope.get("headers", ()) if name == b"user-agent"]
        if any(agent.startswith(b"Mozilla/") for agent in agents):
            await PlainTextResponse("User agent not allowed\n", 403)(scope, receive, send)
        else:
            await self._app(scope, receive, send)


async def _body(request: Request) -> Any:
    whole = bytearray()
    async for part in request.stream():
        whole += part
        if len(whole) > _MOST_BYTES:
            raise Refusal(400, f"bad request body: longer than {_MOST_BYTES} bytes")
    try:
        return json.loads(whole)
    except ValueError as error:  # Not UTF-8 is one as well.
        raise Refusal(400, f"bad request body: {error}") from None
    except RecursionError:
        raise Refusal(400, "bad request body: too deep") from None


async def _object(request: Request) -> dict[str, Any]:
    body = await _body(request)
    if not isinstance(body, dict):
        raise Refusal(400, "bad request body: it is no object")
    return body


def _said(refusal: Refusal) -> dict[str, Any]:
    return {"error": str(refusal), "status": refusal.status}


async def _refused(request: Request, error: Exception) -> Response:
    assert isinstance(error, Refusal)
    return JSONResponse(_said(error), error.status)

"""The edge: stands on this machine where Fly's proxy stands in front of a deployed system.

It listens with TLS and without. Without, it redirects; with, it passes requests on to the public
services, and knows of no others. It is no part of what is deployed.
"""

import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from services import log
from services.anywhere import ANYWHERE
from services.edge.headers import Forwarded
from services.edge.routing import Sites
from services.edge.settings import EdgeSettings
from services.forward import Upstream
from services.problem import Problem, answer_to

HSTS = "max-age=31536000"


class Edge:
    """Every request, whatever its path."""

    def __init__(self, settings: EdgeSettings) -> None:
        self._upstreams = {
            # As a balancer does: no instance is left out because another one's connection is open.
            name: Upstream(name, url, settings.upstream_limit_s, keep_connections=0)
            for name, url in (
                ("frontend", settings.frontend_url),
                ("auth", settings.auth_url),
                ("gateway", settings.gateway_url),
            )
        }
        self._sites = Sites(settings)
        self._forwarded = Forwarded(settings.client_address_header)
        self._https_port = settings.public_port

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        request.state.request_id = str(uuid.uuid4())
        try:
            response = await self._answer(request)
        except Problem as problem:
            response = answer_to(request, problem)
            response.headers["X-Request-ID"] = request.state.request_id
        if scope["scheme"] == "https":
            response.headers["Strict-Transport-Security"] = HSTS
        await response(scope, receive, send)

    async def _answer(self, request: Request) -> Response:
        host = self._sites.host(request)
        name = self._sites.service(host, request.scope["path"])
        if request.scope["scheme"] != "https":
            return self._redirect(request, host)
        return await self._upstreams[name].forward(request, self._forwarded.headers(request))

    def _redirect(self, request: Request, host: str) -> Response:
        port = "" if self._https_port == 443 else f":{self._https_port}"
        target = request.scope["raw_path"].decode("ascii")
        query = request.scope["query_string"].decode("ascii")
        where = f"https://{host}{port}{target}{'?' if query else ''}{query}"
        return Response(status_code=308, headers={"Location": where})

    async def close(self) -> None:
        for upstream in self._upstreams.values():
            await upstream.close()


def create(settings: EdgeSettings) -> Starlette:
    log.configure("edge", settings.instance_id, settings.log_level)
    edge = Edge(settings)

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        yield
        await edge.close()

    return Starlette(routes=[Route(ANYWHERE, edge)], lifespan=lifespan)

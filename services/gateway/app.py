"""The gateway: finds out who asks, and passes the request on to a private service."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI
from starlette.routing import Route

from services.anywhere import ANYWHERE
from services.application import application
from services.gateway import document
from services.gateway.proxy import Proxy
from services.gateway.service import PrivateService, ServiceHealth
from services.gateway.settings import GatewaySettings
from services.token import TokenIssuer

LIMIT_S = 5.0


def create(settings: GatewaySettings) -> FastAPI:
    services = [
        PrivateService(
            name,
            url,
            LIMIT_S,
            client_limit_s=settings.client_limit_s,
            # A kept connection could be closed by an instance that is just being replaced, while a
            # request is on its way that nobody may send twice.
            keep_connections=0,
        )
        for name, url in (("account", settings.account_url), ("keys", settings.keys_url))
    ]

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        yield
        for service in services:
            await service.close()

    app = application(
        "gateway",
        settings,
        dependencies=[ServiceHealth(service) for service in services],
        lifespan=lifespan,
        public_prefix="/api",
        allowed_origins=settings.allowed_origins,
    )
    tokens = TokenIssuer(settings.jwt_secret, settings.environment)
    for service in services:
        proxy = Proxy(service, tokens, settings.internal_token)
        app.router.routes.append(Route(f"/{service.name}", proxy))
        app.router.routes.append(Route(f"/{service.name}{ANYWHERE}", proxy))
    app.openapi = document.public  # type: ignore[method-assign]  # as FastAPI documents it
    return app

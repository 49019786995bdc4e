"""What every service's application has in common."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from functools import partial

from fastapi import FastAPI
from fastapi.middleware.cors import CORSMiddleware

from services import log
from services.health import Dependency, health_router
from services.internal import GatewayOnly
from services.openapi import document
from services.problem import handle_problems
from services.request import RequestContext, StripPrefix
from services.settings import Secret, Settings

Lifespan = Callable[[FastAPI], AbstractAsyncContextManager[None]]


def application(
    name: str,
    settings: Settings,
    *,
    dependencies: list[Dependency],
    lifespan: Lifespan | None = None,
    public: bool = False,
    public_prefix: str | None = None,
    allowed_origins: tuple[str, ...] = (),
    internal_token: Secret | None = None,
) -> FastAPI:
    """An application with health, problem details, limits and logs; routes are added to it.

    Args:
        name: The service, as health and logs name it.
        settings: Its settings.
        dependencies: What it cannot work without.
        lifespan: What is opened before the first request and closed after the last.
        public: Whether anybody can reach it. A private service takes over the request id of its
            caller, the gateway; a public one gives its own.
        public_prefix: For a public service, the path that it answers at besides `/`.
        allowed_origins: The exact origins whose pages may read its answers.
        internal_token: For a service that answers the gateway alone: what the gateway shows.
    """
    log.configure(name, settings.instance_id, settings.log_level)
    app = FastAPI(
        title=f"KeyArc {name}",
        version="1",
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        openapi_url=None if settings.environment == "production" else "/openapi.json",
        redirect_slashes=False,
        generate_unique_id_function=lambda route: route.name,
    )
    app.openapi = partial(document, app)  # type: ignore[method-assign]  # as FastAPI documents it
    app.include_router(health_router(name, settings, dependencies))
    handle_problems(app)
    if internal_token:
        app.add_middleware(GatewayOnly, token=internal_token)
    if public_prefix:
        app.add_middleware(StripPrefix, prefix=public_prefix)
    app.add_middleware(RequestContext, trust_id=not (public or public_prefix))
    if allowed_origins:
        # Outermost, so that a page can read every answer, one to a body too large included.
        app.add_middleware(
            CORSMiddleware,
            allow_origins=list(allowed_origins),
            allow_methods=["GET", "POST", "PUT", "DELETE"],
            allow_headers=["Authorization", "Content-Type", "If-Match", "Idempotency-Key"],
            expose_headers=["ETag", "Retry-After", "X-Request-ID"],
            max_age=600,
        )
    return app

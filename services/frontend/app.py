"""The frontend: one static page, and where that page finds the services."""

from pathlib import Path

from fastapi import FastAPI, Response
from pydantic import BaseModel, Field
from starlette.requests import Request
from starlette.responses import Response as AnyResponse
from starlette.staticfiles import StaticFiles

from services.application import application
from services.frontend.headers import WithHeaders, security_headers
from services.frontend.replay import Replay
from services.frontend.settings import FrontendSettings, origin

STATIC = Path(__file__).parent / "static"
SERVED = {".html", ".css", ".js", ".svg"}


class Config(BaseModel):
    """What the page must know before it can do anything."""

    AUTH_URL: str = Field(examples=["https://keyarc.io/auth"])
    API_URL: str = Field(examples=["https://keyarc.io/api"])
    RELEASE_ID: str = Field(description="The release of the page.", examples=["2026.7.1"])


def create(settings: FrontendSettings) -> FastAPI:
    """The application that serves the page."""
    app = application("frontend", settings, dependencies=[], public=True)
    called = sorted({origin(settings.auth_url), origin(settings.api_url)})
    app.add_middleware(WithHeaders, headers=security_headers(called))
    # Outermost: Fly's proxy is to see the one header and nothing else.
    app.add_middleware(Replay, apps=settings.replay_apps)

    @app.get("/config.json", tags=["page"])
    async def config(response: Response) -> Config:
        """Where the page finds auth and the gateway, and which release it is."""
        response.headers["Cache-Control"] = "no-store"
        return Config(
            AUTH_URL=settings.auth_url, API_URL=settings.api_url, RELEASE_ID=settings.release_id
        )

    _serve_page(app)
    return app


def _serve_page(app: FastAPI) -> None:
    """A route for each file: any other path is the application's own 404."""
    files = StaticFiles(directory=STATIC)

    def add(path: str, name: str) -> None:
        async def file(request: Request) -> AnyResponse:
            response = await files.get_response(name, request.scope)
            # Asked again each time, by ETag: after a rollback nobody keeps the newer page.
            response.headers["Cache-Control"] = "no-cache"
            return response

        app.add_route(path, file, methods=["GET"], include_in_schema=False)

    add("/", "index.html")
    for found in sorted(STATIC.rglob("*")):
        if found.suffix in SERVED and found.name != "index.html":
            name = found.relative_to(STATIC).as_posix()
            add(f"/{name}", name)

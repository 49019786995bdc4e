"""The service keys."""

from fastapi import FastAPI

from services.application import application
from services.database import Database
from services.keys import audit, expiring, folders, secrets
from services.keys.settings import KeysSettings


def create(settings: KeysSettings) -> FastAPI:
    """The application, which answers under `/keys` as the gateway forwards it."""
    database = Database(settings.database_url)

    app = application(
        "keys",
        settings,
        dependencies=[database],
        lifespan=database.lifespan,
        internal_token=settings.internal_token,
    )
    app.state.database = database
    app.state.internal_token = settings.internal_token
    for resource in (expiring, secrets, folders, audit):
        app.include_router(resource.router)
    return app

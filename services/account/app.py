"""The service account."""

from fastapi import FastAPI

from services.account import members, profile, teams, users
from services.account.settings import AccountSettings
from services.application import application
from services.database import Database
from services.rate_limit import RateLimit


def create(settings: AccountSettings) -> FastAPI:
    """The application, which only the gateway reaches."""
    database = Database(settings.database_url)

    app = application(
        "account",
        settings,
        dependencies=[database],
        lifespan=database.lifespan,
        internal_token=settings.internal_token,
    )
    app.state.database = database
    app.state.internal_token = settings.internal_token
    app.state.lookups = RateLimit.of(settings.rate_limit_lookup)
    for part in (profile, teams, members, users):
        app.include_router(part.router)
    return app

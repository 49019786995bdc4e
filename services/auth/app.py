"""The service auth."""

from fastapi import FastAPI

from services.application import application
from services.auth.client_address import ClientAddresses
from services.auth.hashing import Hasher
from services.auth.routes import Auth, router
from services.auth.settings import AuthSettings
from services.database import Database
from services.rate_limit import RateLimit
from services.token import TokenIssuer


def create(settings: AuthSettings) -> FastAPI:
    """The application, which answers at `/` and at `/auth`."""
    database = Database(settings.database_url)

    app = application(
        "auth",
        settings,
        dependencies=[database],
        lifespan=database.lifespan,
        public_prefix="/auth",
        allowed_origins=settings.allowed_origins,
    )
    app.state.auth = Auth(
        database=database,
        hasher=Hasher(),
        tokens=TokenIssuer(settings.jwt_secret, settings.environment),
        token_ttl_s=settings.access_token_ttl_s,
        addresses=ClientAddresses(settings.trusted_networks, settings.client_address_header),
        logins=RateLimit.of(settings.rate_limit_login),
        signups=RateLimit.of(settings.rate_limit_signup),
    )
    app.include_router(router)
    return app

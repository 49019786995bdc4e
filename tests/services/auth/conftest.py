"""The service auth, run for real."""

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import httpx
import pytest
from pydantic import SecretStr

from services.auth.app import create
from services.auth.settings import AuthSettings
from tests import postgres
from tests.services.conftest import Servers

Sql = Callable[..., list[tuple[Any, ...]]]
JWT_SECRET = "a-secret-for-tests-of-32-bytes-or-more"


def settings(database_url: str, **changes: str) -> AuthSettings:
    """Settings whose rate limits no test reaches by chance."""
    given = {
        "environment": "dev",
        "release_id": "r1",
        "instance_id": "i1",
        "jwt_secret": JWT_SECRET,
        "rate_limit_login": "100000",
        "rate_limit_signup": "100000",
        **changes,
    }
    return AuthSettings.model_validate({"database_url": SecretStr(database_url), **given})


@pytest.fixture(scope="session")
def auth_database(postgres_server: postgres.Server) -> Iterator[str]:
    """One for all tests that make users of their own and look at nothing else."""
    postgres_server.query("postgres", "CREATE DATABASE auth TEMPLATE migrated STRATEGY FILE_COPY")
    yield postgres_server.url("auth")
    postgres_server.query("postgres", "DROP DATABASE auth WITH (FORCE)")


@pytest.fixture(scope="session")
def auth(auth_database: str) -> Iterator[httpx.Client]:
    with Servers() as servers:
        yield servers.start(create(settings(auth_database)))


@pytest.fixture(scope="session")
def users(postgres_server: postgres.Server, auth_database: str) -> Sql:
    """Runs SQL against the database of `auth`."""
    return partial(postgres_server.query, "auth")

"""The service keys, with users and teams in its database."""

from collections.abc import Callable, Iterator

import httpx
import pytest
from pydantic import SecretStr

from services.keys.app import create
from services.keys.settings import KeysSettings
from tests import postgres
from tests.services.conftest import Servers
from tests.services.keys.world import TOKEN, Person, Team, World

DATABASE = "keys"


@pytest.fixture(scope="session")
def settings(postgres_server: postgres.Server) -> KeysSettings:
    postgres_server.query("postgres", f"CREATE DATABASE {DATABASE} TEMPLATE migrated")
    return KeysSettings(
        environment="dev",
        release_id="r1",
        instance_id="i1",
        database_url=SecretStr(postgres_server.url(DATABASE)),
        internal_token=SecretStr(TOKEN),
    )


@pytest.fixture(scope="session")
def world(settings: KeysSettings, postgres_server: postgres.Server) -> Iterator[World]:
    """One service for all tests: each makes users of its own, who see nothing of the others'."""
    with Servers() as servers:
        client = servers.start(create(settings))
        yield World(client, lambda sql, *values: postgres_server.query(DATABASE, sql, *values))


@pytest.fixture
def another(settings: KeysSettings) -> Iterator[Callable[[], httpx.Client]]:
    """Starts a further instance on the same database."""
    with Servers() as servers:
        yield lambda: servers.start(create(settings))


@pytest.fixture
def ada(world: World) -> Person:
    return world.person()


@pytest.fixture
def bob(world: World) -> Person:
    return world.person()


@pytest.fixture
def team(world: World) -> Team:
    return world.team()

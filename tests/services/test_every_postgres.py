"""The migrations on every PostgreSQL that is supported; on 15, its oldest, tests/container."""

from collections.abc import Iterator

import pytest

from harness.stack.binaries import DISTRIBUTIONS
from services.database import REVISION
from tests import postgres
from tests.services.conftest import migrate
from tests.services.schema import differences, migrated_step_by_step

# The one that all other tests have.
USUAL = 16


@pytest.fixture(scope="module", params=sorted(DISTRIBUTIONS))
def server(
    request: pytest.FixtureRequest, postgres_server: postgres.Server
) -> Iterator[postgres.Server]:
    if request.param == USUAL:
        yield postgres_server
        return
    with postgres.server(request.param) as other:
        yield other


@pytest.fixture
def empty(server: postgres.Server) -> Iterator[str]:
    server.query("postgres", "CREATE DATABASE nothing_yet")
    yield server.url("nothing_yet")
    server.query("postgres", "DROP DATABASE nothing_yet WITH (FORCE)")


def test_migrations_make_the_models_from_nothing(empty: str) -> None:
    migrate(empty)
    assert differences(empty) == []


def test_migrations_make_the_models_step_by_step(empty: str) -> None:
    assert migrated_step_by_step(empty) == list(range(1, REVISION + 1))
    assert differences(empty) == []


def test_server_is_of_the_version_that_is_meant(
    request: pytest.FixtureRequest, server: postgres.Server
) -> None:
    [(number,)] = server.query("postgres", "SELECT current_setting('server_version_num')::int")
    assert f"[{number // 10000}]" in request.node.name

"""KeyArc, for the suites to look at."""

from collections.abc import Iterator

import pytest

from tests import postgres
from tests.services.conftest import database_url, postgres_server
from tests.suites import system as systems

__all__ = ["database_url", "postgres_server"]

DATABASE = "keyarc_for_suites"


@pytest.fixture(scope="session")
def system(postgres_server: postgres.Server) -> Iterator[systems.System]:
    postgres_server.query("postgres", f"CREATE DATABASE {DATABASE} TEMPLATE migrated")
    with systems.running(postgres_server.url(DATABASE)) as running:
        yield running


@pytest.fixture
def users_left(postgres_server: postgres.Server, system: systems.System) -> "Users":
    """Test users in the database; none when the test begins."""
    postgres_server.query(DATABASE, "TRUNCATE users, teams CASCADE")
    return Users(postgres_server)


class Users:
    """Reads the users as they are stored."""

    def __init__(self, server: postgres.Server) -> None:
        self._server = server

    def emails(self) -> list[str]:
        rows = self._server.query(DATABASE, "SELECT email FROM users ORDER BY email")
        return [email for (email,) in rows]

    def secrets(self) -> list[str]:
        """The names of what they keep."""
        rows = self._server.query(DATABASE, "SELECT name FROM secrets ORDER BY name")
        return [name for (name,) in rows]

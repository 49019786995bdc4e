"""KeyArc within the test process, for journeys to walk through."""

from tests.suites.conftest import database_url, postgres_server, system, users_left
from tests.suites.hygiene import site

__all__ = ["database_url", "postgres_server", "site", "system", "users_left"]

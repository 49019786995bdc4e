"""The migrations on the oldest PostgreSQL that is supported."""

import pytest

from harness.stack.container import OLDEST_VERSION
from services.database import REVISION
from tests.container.conftest import POSTGRES
from tests.container.test_container import query
from tests.harness.stack.conftest import Sandbox
from tests.services.conftest import migrate
from tests.services.schema import differences, migrated_step_by_step

pytestmark = pytest.mark.container


@pytest.fixture
def empty(sandbox: Sandbox) -> str:
    """The URL of an empty database in a container."""
    sandbox.declare(postgres=POSTGRES)
    assert (up := sandbox.up()).code == 0, up
    url = str(sandbox.references()["stack:postgres.url"])
    assert query(url, "SELECT current_setting('server_version_num')::int / 10000") == OLDEST_VERSION
    return url


def test_migrations_make_the_models_from_nothing(empty: str) -> None:
    migrate(empty)
    assert differences(empty) == []


def test_migrations_make_the_models_step_by_step(empty: str) -> None:
    assert migrated_step_by_step(empty) == list(range(1, REVISION + 1))
    assert differences(empty) == []

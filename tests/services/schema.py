"""The schema as migrations make it, beside the one that the code declares."""

import asyncio
from collections.abc import Callable
from typing import Any, TypeVar

from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from pydantic import SecretStr
from sqlalchemy import CheckConstraint, Connection, inspect
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from services.database import engine_url
from services.migrations import upgrade
from services.tables import Table

SCRIPTS = ScriptDirectory.from_config(upgrade.alembic_config())
# The first one first.
REVISIONS = list(SCRIPTS.walk_revisions())[::-1]
T = TypeVar("T")


def in_database(url: str, work: Callable[[Connection], T]) -> T:
    """What is done in one transaction."""

    async def run() -> T:
        engine = create_async_engine(engine_url(SecretStr(url)), poolclass=NullPool)
        async with engine.begin() as connection:
            done = await connection.run_sync(work)
        await engine.dispose()
        return done

    return asyncio.run(run())


def differences(url: str) -> list[Any]:
    """What a new migration would have to change, by Alembic's own comparison."""
    return in_database(url, lambda connection: [*_compared(connection), *_checks(connection)])


def _compared(connection: Connection) -> list[Any]:
    options = {"compare_type": True, "compare_server_default": True}
    context = MigrationContext.configure(connection, opts=options)
    return [
        difference
        for difference in compare_metadata(context, Table.metadata)
        if "alembic_version" not in str(difference)
    ]


def _checks(connection: Connection) -> list[tuple[str, set[Any]]]:
    """Alembic does not look at check constraints."""
    inspector = inspect(connection)
    found = []
    for table in Table.metadata.sorted_tables:
        if not inspector.has_table(table.name):
            continue
        there: set[Any] = {check["name"] for check in inspector.get_check_constraints(table.name)}
        declared = {check.name for check in table.constraints if isinstance(check, CheckConstraint)}
        if there != declared:
            found.append((table.name, there ^ declared))
    return found


def migrated_step_by_step(url: str) -> list[int]:
    """Runs each migration in a transaction of its own, as a database has them that was there all
    the time.

    Returns:
        Which revision the database said it had after each.
    """

    def step(revision: str) -> int:
        def run(connection: Connection) -> int:
            upgrade.upgrade(connection, revision)
            found = "SELECT max(revision) FROM schema_revisions"
            return int(connection.exec_driver_sql(found).scalar_one())

        return in_database(url, run)

    return [step(script.revision) for script in REVISIONS]

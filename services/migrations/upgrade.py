"""The migration job: brings the database to the newest revision, once, whoever else tries.

Run as `python -m services.migrations.upgrade`, with `DATABASE_URL` set.
"""

import asyncio
import sys
from pathlib import Path

import asyncpg
from alembic import command
from alembic.config import Config
from alembic.util import CommandError
from pydantic_settings import BaseSettings, SettingsConfigDict
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from services.database import engine_url
from services.settings import DatabaseUrl, load

# Any number will do, as long as every migration job takes the same.
ADVISORY_LOCK = 0x6B657961


class MigrationSettings(BaseSettings):
    """What the job takes."""

    model_config = SettingsConfigDict(hide_input_in_errors=True, extra="ignore")

    database_url: DatabaseUrl


def alembic_config(connection: Connection | None = None) -> Config:
    """Alembic's configuration, which needs no file of its own."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    return config


def upgrade(connection: Connection, revision: str = "head") -> None:
    """Runs what is missing, in the caller's transaction, under the lock."""
    connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": ADVISORY_LOCK})
    command.upgrade(alembic_config(connection), revision)


async def _run(url: DatabaseUrl) -> None:
    engine = create_async_engine(engine_url(url), poolclass=NullPool, hide_parameters=True)
    async with engine.begin() as connection:
        await connection.run_sync(upgrade)
    await engine.dispose()


def main() -> None:
    settings = load(MigrationSettings)
    try:
        asyncio.run(_run(settings.database_url))
    except CommandError:
        sys.exit("cannot migrate: the database has a revision that this code does not know")
    except (OSError, DBAPIError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        # The message of a driver can hold the address: its kind has to do.
        sys.exit(f"cannot migrate: {type(error).__name__}: the database refused or did not answer")


if __name__ == "__main__":
    main()

"""The connection to PostgreSQL, and what it means when there is none."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg
from sqlalchemy import make_url, select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine

from services.health import Told, Unhealthy
from services.problem import Problem
from services.settings import DatabaseUrl
from services.tables import SchemaRevision

# The code's schema revision: that of the newest migration it was written for.
REVISION = 1

# Together below the 3 s in which a request must hear that PostgreSQL is away.
CONNECT_LIMIT_S = 1.2
STATEMENT_LIMIT_S = 1.5

# What stands between may end an older connection: Fly's proxy does, 10 min after it began to
# restart. So it is replaced before that, at a moment when nothing is under way on it.
RENEWED_AFTER_S = 540

# Classes of SQLSTATE that say "not now" rather than "not so": connection, resources, operator
# intervention, rollback for concurrency, a login or a database that is refused; and a standby
# that does not write.
UNAVAILABLE = ("08", "53", "57", "40", "28", "3D", "25006")


def engine_url(url: DatabaseUrl) -> str:
    """The same database for SQLAlchemy's asyncpg dialect, which spells `sslmode` as `ssl`."""
    parsed = make_url(url.get_secret_value().replace("postgres://", "postgresql://", 1))
    query = dict(parsed.query)
    if "sslmode" in query:
        query["ssl"] = query.pop("sslmode")
    return parsed.set(drivername="postgresql+asyncpg", query=query).render_as_string(False)


class Database:
    """A pool of connections; also the dependency `postgres` of the service's health."""

    component = "postgres"
    component_type = "datastore"
    limit_s = 0.7

    def __init__(self, url: DatabaseUrl) -> None:
        self._engine = create_async_engine(
            engine_url(url),
            pool_size=5,
            max_overflow=5,
            pool_timeout=CONNECT_LIMIT_S,
            pool_pre_ping=True,
            pool_recycle=RENEWED_AFTER_S,
            hide_parameters=True,
            connect_args={"timeout": CONNECT_LIMIT_S, "command_timeout": STATEMENT_LIMIT_S},
        )
        self._sessions = async_sessionmaker(self._engine, expire_on_commit=False)

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[AsyncSession]:
        """A session whose transaction commits at the end, or rolls back on an error.

        Raises:
            Problem: 503, when PostgreSQL does not answer or cannot serve now.
        """
        try:
            async with self._sessions() as session:
                async with asyncio.timeout(CONNECT_LIMIT_S):
                    await session.connection()
                yield session
                await session.commit()
        except (OSError, PoolTimeoutError, asyncpg.InterfaceError) as error:
            raise _unavailable() from error
        except (DBAPIError, asyncpg.PostgresError) as error:
            if _is_unavailable(error):
                raise _unavailable() from error
            raise

    async def probe(self) -> Told:
        """Asks, on a connection from the pool, whether the schema is one that the code can use."""
        newest = select(SchemaRevision).order_by(SchemaRevision.revision.desc()).limit(1)
        async with self._sessions() as session:
            revision = await session.scalar(newest)
        if revision is None:
            raise Unhealthy("the schema is older than the code")
        told = Told(schema=(revision.revision, revision.oldest_compatible))
        if revision.revision < REVISION:
            raise Unhealthy("the schema is older than the code", told)
        if revision.oldest_compatible > REVISION:
            raise Unhealthy("the schema no longer serves this code", told)
        return told

    @asynccontextmanager
    async def lifespan(self, _app: object) -> AsyncIterator[None]:
        """For an application that opens nothing else: closes the pool at its end."""
        yield
        await self._engine.dispose()


def _is_unavailable(error: DBAPIError | asyncpg.PostgresError) -> bool:
    if isinstance(error, DBAPIError) and error.connection_invalidated:
        return True
    cause = error.orig if isinstance(error, DBAPIError) else error
    return str(getattr(cause, "sqlstate", None) or "").startswith(UNAVAILABLE)


def _unavailable() -> Problem:
    return Problem(503, "The database does not answer now.", Retry_After="1")

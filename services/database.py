"""The connection to PostgreSQL, and what it means when there is none."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
from sqlalchemy import event, func, make_url, select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine

from services.health import Told, Unhealthy
from services.problem import Problem
from services.settings import DatabaseUrl
from services.tables import SchemaRevision

# The code's schema revision: that of the newest migration it was written for.
REVISION = 1

# A request must hear within 3 s that PostgreSQL is away, however many statements it takes.
CONNECT_LIMIT_S = 1.2
STATEMENT_LIMIT_S = 1.5
TRANSACTION_LIMIT_S = 2.5
# Saying goodbye to a server that does not listen; it comes after one of the others.
CLOSE_LIMIT_S = 0.2
# Who comes while so many wait for a connection already is told at once to come back.
MOST_WAITING = 200
# PostgreSQL keeps to limits of its own: of a caller that was killed, or whose connection went
# silent, it does not hear, and would hold the locks. By `SET`, since PgBouncer refuses them at the
# start of a connection.
SERVER_LIMITS = (
    f"SET statement_timeout = {int(TRANSACTION_LIMIT_S * 1000)};"
    f"SET idle_in_transaction_session_timeout = {int(2 * TRANSACTION_LIMIT_S * 1000)}"
)

# What stands between may end an older connection: Fly's proxy does, 10 min after it began to
# restart. So it is replaced before that, at a moment when nothing is under way on it.
RENEWED_AFTER_S = 540

# Classes of SQLSTATE that say "not now" rather than "not so": connection, resources, operator
# intervention, its disk, rollback for concurrency, a login or a database that is refused; a standby
# that does not write, a transaction that it gave up; and a schema that is not there yet.
UNAVAILABLE = ("08", "53", "57", "58", "40", "28", "3D", "25006", "25P0", "3F", "42P01", "42703")
# No answer, or one that is none of PostgreSQL's.
SILENCE = (OSError, EOFError, asyncpg.InterfaceError, asyncpg.InternalClientError)


def engine_url(url: DatabaseUrl) -> str:
    """The same database for SQLAlchemy's asyncpg dialect, which spells `sslmode` as `ssl`."""
    parsed = make_url(url.get_secret_value().replace("postgres://", "postgresql://", 1))
    query = dict(parsed.query)
    if "sslmode" in query:
        query["ssl"] = query.pop("sslmode")
    return parsed.set(drivername="postgresql+asyncpg", query=query).render_as_string(False)


class Connection(asyncpg.Connection):  # type: ignore[misc]  # it has no types
    """One that does not wait for a server that is away when it is closed."""

    async def close(self, *, timeout: float | None = None) -> None:  # noqa: ASYNC109 - its name
        async with asyncio.timeout(CLOSE_LIMIT_S):
            await super().close(timeout=timeout)


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
            connect_args={
                "timeout": CONNECT_LIMIT_S,
                "command_timeout": STATEMENT_LIMIT_S,
                "connection_class": Connection,
            },
        )
        event.listen(self._engine.sync_engine, "connect", _limit)
        self._waiting = 0
        self._sessions = async_sessionmaker(self._engine, expire_on_commit=False)

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[AsyncSession]:
        """A session whose transaction commits at the end, or rolls back on an error.

        Raises:
            Problem: 503, when PostgreSQL does not answer or cannot serve now.
        """
        try:
            async with asyncio.timeout(TRANSACTION_LIMIT_S), self._sessions() as session:
                await self._connected(session)
                yield session
                await session.commit()
        except (*SILENCE, PoolTimeoutError) as error:
            raise _unavailable() from error
        except (DBAPIError, asyncpg.PostgresError) as error:
            if _is_unavailable(error):
                raise _unavailable() from error
            raise

    async def _connected(self, session: AsyncSession) -> None:
        if self._waiting >= MOST_WAITING:
            raise _unavailable()
        self._waiting += 1
        try:
            async with asyncio.timeout(CONNECT_LIMIT_S):
                await session.connection()
        finally:
            self._waiting -= 1

    async def probe(self) -> Told:
        """Asks, on a connection from the pool, whether the schema is one that the code can use, and
        whether it can be written to."""
        read_only = func.current_setting("transaction_read_only").label("read_only")
        newest = select(SchemaRevision, read_only)
        newest = newest.order_by(SchemaRevision.revision.desc()).limit(1)
        async with self._sessions() as session:
            found = (await session.execute(newest)).one_or_none()
        if found is None:
            raise Unhealthy("the schema is older than the code")
        revision = found.SchemaRevision
        told = Told(schema=(revision.revision, revision.oldest_compatible))
        if found.read_only == "on":
            raise Unhealthy("it takes no writes", told)
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


def _limit(connection: Any, _record: object) -> None:
    connection.run_async(lambda driver: driver.execute(SERVER_LIMITS))


def _is_unavailable(error: DBAPIError | asyncpg.PostgresError) -> bool:
    if isinstance(error, DBAPIError) and error.connection_invalidated:
        return True
    cause = error.orig if isinstance(error, DBAPIError) else error
    if isinstance(getattr(cause, "__cause__", None), SILENCE):
        return True
    return str(getattr(cause, "sqlstate", None) or "").startswith(UNAVAILABLE)


def _unavailable() -> Problem:
    return Problem(503, "The database does not answer now.", Retry_After="1")

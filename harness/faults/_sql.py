"""SQL for a site's database, as its own role.

Nearly all of it goes by way of another database of the same server, in which nothing is broken.
"""

import asyncio
import hashlib
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, TypeAlias
from urllib.parse import unquote, urlsplit

from harness.errors import HarnessError, UsageError
from harness.faults import Site

if TYPE_CHECKING:
    import asyncpg

    Connection: TypeAlias = asyncpg.Connection[Any]

URL = "stack:postgres.url"
ASIDE = "postgres"
CONNECT_LIMIT_S, ANSWER_LIMIT_S = 5.0, 10.0
END_OTHERS = """
    SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
    WHERE datname = $1 AND usename = current_user AND pid <> pg_backend_pid()
      AND backend_start < $2
"""


def url_of(site: Site) -> str:
    """Where the database is, with the role and its password."""
    if URL not in site.references:
        raise UsageError("there is no database of the stack's own to break")
    return site.references[URL]


def database_of(site: Site) -> str:
    return unquote(urlsplit(url_of(site)).path.strip("/"))


def quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def other_password(password: str) -> str:
    """One that follows from the right one, so that whoever knows the one knows the other."""
    return hashlib.sha256(f"another than {password}".encode()).hexdigest()


@asynccontextmanager
async def connected(
    site: Site, database: str = ASIDE, *, called: str = "keyarc-verify"
) -> AsyncIterator["Connection"]:
    """A connection, with whichever of the two passwords the role has by now.

    Args:
        database: Which one of the server's.
        called: What the server knows the session by.

    Raises:
        HarnessError: There is none to be had.
    """
    import asyncpg

    deadline_s = time.monotonic() + CONNECT_LIMIT_S
    while True:
        try:
            connection = await _login(site, database, called)
            break
        except (OSError, asyncpg.CannotConnectNowError) as error:
            # It may have been started just now.
            if time.monotonic() > deadline_s:
                kind = type(error).__name__
                raise HarnessError(f"the database does not answer: {kind}") from None
        await asyncio.sleep(0.05)
    try:
        yield connection
    finally:
        connection.terminate()


async def _login(site: Site, database: str, called: str) -> "Connection":
    import asyncpg

    right = unquote(urlsplit(url_of(site)).password or "")
    for password in (right, other_password(right)):
        try:
            return await asyncpg.connect(
                url_of(site),
                password=password,
                database=database,
                timeout=CONNECT_LIMIT_S,
                command_timeout=ANSWER_LIMIT_S,
                server_settings={"application_name": called},
            )
        except asyncpg.InvalidPasswordError:
            continue
    raise HarnessError("the database takes neither password: somebody else has changed it")


async def end_sessions(connection: "Connection", database: str) -> None:
    """Ends the role's sessions in a database that have begun by now, but for this one."""
    now = await connection.fetchval("SELECT clock_timestamp()")
    while await connection.fetchval(END_OTHERS, database, now):  # noqa: ASYNC110 - they go unheard
        await asyncio.sleep(0.01)

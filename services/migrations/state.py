"""Tells which revision the database has, for who decides whether an older release may come back.

Run as `python -m services.migrations.state`, with `DATABASE_URL` set. Prints
`{"revision": "7", "oldest_compatible": "5"}` and ends with 0; with 69 where the database does not
answer; with 1, and a line that says why, where that cannot be told. Light, as it is waited for.
"""

import asyncio
import errno
import json
import os
import socket
import ssl
import sys

import asyncpg

LIMIT_S, QUERY_LIMIT_S = 3.0, 3.0
NEWEST = "SELECT revision, oldest_compatible FROM schema_revisions ORDER BY revision DESC LIMIT 1"
# What comes between us and the database, and says nothing about it.
OUR_WAY = (errno.ENETUNREACH, errno.EHOSTUNREACH, errno.EACCES, errno.EPERM, errno.EMFILE)


async def _state(url: str) -> dict[str, str]:
    connection = await asyncpg.connect(url, timeout=LIMIT_S)
    try:
        # Who has answered once is there; a query that waits waits for a lock.
        row = await connection.fetchrow(NEWEST, timeout=QUERY_LIMIT_S)
    except TimeoutError:
        sys.exit("cannot tell: the database answers, but not to this")
    finally:
        connection.terminate()
    if row is None:
        sys.exit("cannot tell: no migration has run")
    return {name: str(value) for name, value in row.items()}


def is_down(error: Exception) -> bool:
    """Whether the database is away, and not just out of our reach or refusing us."""
    if isinstance(error, asyncpg.PostgresError):
        away = (
            asyncpg.CannotConnectNowError,
            asyncpg.AdminShutdownError,
            asyncpg.CrashShutdownError,
        )
        return isinstance(error, (*away, asyncpg.ConnectionDoesNotExistError))
    if isinstance(error, socket.gaierror | ssl.SSLError):
        return False
    return isinstance(error, OSError) and error.errno not in OUR_WAY


def main() -> None:
    url = os.environ.get("DATABASE_URL")
    if not url:
        sys.exit("cannot start: DATABASE_URL: is missing")
    try:
        state = asyncio.run(_state(url))
    except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, ValueError) as error:
        # The message of a driver can hold the address: its kind has to do.
        kind = type(error).__name__
        if is_down(error):
            sys.stderr.write(f"the database does not answer: {kind}\n")
            sys.exit(os.EX_UNAVAILABLE)
        # A certificate that is not trusted is a ValueError too.
        if isinstance(error, ValueError) and not isinstance(error, OSError):
            form = "postgresql://USER:PASSWORD@HOST:PORT/DATABASE"
            sys.exit(f"cannot start: DATABASE_URL: must be {form}")
        sys.exit(f"cannot tell: {kind}: the database refused, or could not be reached")
    sys.stdout.write(json.dumps(state) + "\n")


if __name__ == "__main__":
    main()

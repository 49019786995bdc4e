"""A lock in PostgreSQL, held by a test while a service waits for it."""

import asyncio
import time
from collections.abc import Callable, Coroutine
from typing import Any

import asyncpg


class Lock:
    """What a statement locked, until its transaction ends."""

    def __init__(self, url: str, sql: str, *arguments: Any) -> None:
        self._runner = asyncio.Runner()
        self._connection = self._run(asyncpg.connect(url))
        self._transaction = self._connection.transaction()
        self._run(self._transaction.start())
        self._run(self._connection.execute(sql, *arguments))

    def wait_until_somebody_waits(self) -> None:
        deadline_s = time.monotonic() + 30
        while not self._waiting():
            assert time.monotonic() < deadline_s
            time.sleep(0.01)

    def waiting(self) -> int:
        """How many connections wait for it, or behind one that does."""
        return len(self._rows("SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock'"))

    def terminate_who_waits(self) -> None:
        """Ends the waiting connections, as a crash would."""
        for process_id in self._waiting():
            self._run(self._connection.execute("SELECT pg_terminate_backend($1)", process_id))

    def commit(self) -> None:
        self._end(self._transaction.commit)

    def release(self) -> None:
        if not self._connection.is_closed():
            self._end(self._transaction.rollback)

    def _end(self, ending: Callable[[], Coroutine[Any, Any, None]]) -> None:
        self._run(ending())
        self._run(self._connection.close())
        self._runner.close()

    def _waiting(self) -> list[int]:
        blocked = "SELECT pid FROM pg_stat_activity WHERE $1 = ANY(pg_blocking_pids(pid))"
        return [row["pid"] for row in self._rows(blocked, self._connection.get_server_pid())]

    def _rows(self, sql: str, *arguments: Any) -> list[Any]:
        # A transaction goes on seeing the activity that it saw first.
        self._run(self._connection.execute("SELECT pg_stat_clear_snapshot()"))
        rows: list[Any] = self._run(self._connection.fetch(sql, *arguments))
        return rows

    def _run(self, awaitable: Any) -> Any:
        async def run() -> Any:
            return await awaitable

        return self._runner.run(run())

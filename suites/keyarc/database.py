"""What is stored, where the environment lets it be seen (`insight.database`): read, never written.

The contract names the tables. Which columns they have, and what leads where, the database tells.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from uuid import UUID

import asyncpg

from harness.errors import NoData
from suites.keyarc.waiting import Loop

ANSWER_LIMIT_S = 20
Row = tuple[Any, ...]

COLUMNS = """
    SELECT c.table_schema, c.table_name, c.column_name, c.udt_name
    FROM information_schema.columns c
    JOIN information_schema.tables t USING (table_schema, table_name)
    WHERE t.table_type = 'BASE TABLE' AND table_schema !~ '^(pg_|information_schema$)'
    ORDER BY 1, 2, c.ordinal_position
"""
LINKS = """
    SELECT n.nspname, c.relname, a.attname, r.relname, b.attname
    FROM pg_constraint k
    JOIN pg_class c ON c.oid = k.conrelid JOIN pg_namespace n ON n.oid = c.relnamespace
    JOIN pg_class r ON r.oid = k.confrelid
    JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = k.conkey[1]
    JOIN pg_attribute b ON b.attrelid = k.confrelid AND b.attnum = k.confkey[1]
    WHERE k.contype = 'f' AND cardinality(k.conkey) = 1
    ORDER BY 1, 2, 3
"""


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table; `kind` is PostgreSQL's name of its type, `_text` for an array of it."""

    schema: str
    table: str
    name: str
    kind: str

    def __str__(self) -> str:
        return f"{self.table}.{self.name}"

    @property
    def of(self) -> str:
        """The table as SQL names it."""
        return f"{quoted(self.schema)}.{quoted(self.table)}"


@dataclass(frozen=True, slots=True)
class Link:
    """A foreign key: a column whose values are those of another table's column."""

    schema: str
    table: str
    column: str
    target: str
    target_column: str

    def __str__(self) -> str:
        return f"{self.table}.{self.column} -> {self.target}"


class Database:
    """One connection, whose every transaction is read-only."""

    def __init__(self, connection: Any, loop: Loop) -> None:
        self._connection = connection
        self._loop = loop

    def rows(self, sql: str, *arguments: object) -> list[Row]:
        """What a query gives; `$1` and on are filled from the arguments."""
        with _explained():
            found = self._loop.run(self._connection.fetch(sql, *arguments))
        return [tuple(row) for row in found]

    @cached_property
    def columns(self) -> list[Column]:
        """Of all tables but PostgreSQL's own."""
        return [Column(*row) for row in self.rows(COLUMNS)]

    @cached_property
    def links(self) -> list[Link]:
        return [Link(*row) for row in self.rows(LINKS)]

    def holding(self, ids: Iterable[UUID]) -> dict[str, set[UUID]]:
        """Which of these ids are where: by table and column, such as `teams.id`."""
        wanted = list(ids)
        found = {
            str(column): {
                id_
                for (id_,) in self.rows(
                    f"SELECT DISTINCT {quoted(column.name)} FROM {column.of}"  # noqa: S608
                    f" WHERE {quoted(column.name)} = ANY($1)",
                    wanted,
                )
            }
            for column in self.columns
            if column.kind == "uuid"
        }
        return {place: there for place, there in found.items() if there}


def quoted(name: str) -> str:
    """A name as SQL has it."""
    return '"' + name.replace('"', '""') + '"'


@contextmanager
def looking(url: str, loop: Loop) -> Iterator[Database]:
    """The database behind a URL.

    Raises:
        NoData: It does not let anybody in.
    """
    with _explained():
        connection = loop.run(_connected(url))
    try:
        yield Database(connection, loop)
    finally:
        with _explained():
            loop.run(connection.close(timeout=ANSWER_LIMIT_S))


async def _connected(url: str) -> Any:
    return await asyncpg.connect(
        url,
        timeout=ANSWER_LIMIT_S,
        command_timeout=ANSWER_LIMIT_S,
        server_settings={"default_transaction_read_only": "on"},
    )


@contextmanager
def _explained() -> Iterator[None]:
    """The words of a driver can hold the URL: the kind of error has to do."""
    try:
        yield
    except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        raise NoData(f"insight.database does not answer: {type(error).__name__}") from None

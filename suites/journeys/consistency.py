"""What must hold in the database whatever happened before: each judge lists what does not.

Whoever judges names what they have made; rows of others are nobody's business here.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from uuid import UUID

from harness.check import expect
from suites.keyarc.database import Database, Link, quoted

OWNERS = ("users", "teams")
# What goes with its owner, or cannot be without what it is in.
EXPECTED_LINKS = frozenset(
    {
        ("team_memberships", "teams"),
        ("team_memberships", "users"),
        ("secrets", "users"),
        ("secrets", "teams"),
        ("secrets", "folders"),
        ("folders", "users"),
        ("folders", "teams"),
        ("folders", "folders"),
        ("audit_log", "users"),
        ("audit_log", "teams"),
        ("idempotency_keys", "users"),
    }
)
# An audit entry survives its secret.
MAY_NAME_THE_GONE = "audit_log.secret_id"
DEEPEST = 100


@dataclass
class Made:
    """What somebody has made, by its ids; `survivors` is what should be there still."""

    all: set[UUID] = field(default_factory=set)
    survivors: set[UUID] = field(default_factory=set)
    secrets: set[UUID] = field(default_factory=set)


def must_be_consistent(database: Database, made: Made) -> None:
    """
    Raises:
        ContractViolation: It says what does not hold.
    """
    ids = made.all
    troubles = [
        *missing_links(database),
        *dangling(database, ids),
        *left(database, ids - made.survivors, made.secrets),
        *ownerless(database, ids),
        *circles(database, ids),
        *apart_from_their_folder(database, ids),
    ]
    expect("what does not hold in the database", expected=[], came=troubles)


def missing_links(database: Database) -> list[str]:
    """Foreign keys that nothing stands for."""
    there = {(link.table, link.target) for link in database.links}
    return [f"no foreign key: {table} -> {target}" for table, target in EXPECTED_LINKS - there]


def dangling(database: Database, ids: Iterable[UUID]) -> list[str]:
    """Foreign keys that lead to one of these, which is not there."""
    return [
        f"{link}: leads nowhere, to {id_}"
        for link in database.links
        for (id_,) in database.rows(
            f"SELECT DISTINCT {_column(link, 'c')} FROM {_table(link)} c"  # noqa: S608
            f" WHERE {_column(link, 'c')} = ANY($1) AND NOT EXISTS (SELECT FROM {_target(link)} t"
            f" WHERE t.{quoted(link.target_column)} = {_column(link, 'c')})",
            list(ids),
        )
    ]


def left(database: Database, gone: set[UUID], secrets: set[UUID]) -> list[str]:
    """Columns in which something is named that has gone; audit entries may name secrets."""
    holding = database.holding(gone)
    if MAY_NAME_THE_GONE in holding:
        holding[MAY_NAME_THE_GONE] -= secrets
    return [
        f"{place}: names {id_}, which has gone" for place, ids in holding.items() for id_ in ids
    ]


def ownerless(database: Database, ids: Iterable[UUID]) -> list[str]:
    """Those of these that are teams without an owner."""
    link = _link(database, "team_memberships", "teams")
    return [
        f"teams: {id_} has no owner"
        for (id_,) in database.rows(
            f"SELECT t.id FROM {_target(link)} t WHERE id = ANY($1) AND NOT EXISTS"  # noqa: S608
            f" (SELECT FROM {_table(link)} c WHERE {_column(link, 'c')} = t.id"
            " AND role = 'owner')",
            list(ids),
        )
    ]


def circles(database: Database, ids: Iterable[UUID]) -> list[str]:
    """Those of these that are folders from which no way leads to the root."""
    link = _link(database, "folders", "folders")
    above = _column(link, "f")
    return [
        f"folders: {id_} does not lie below the root"
        for (id_,) in database.rows(
            f"WITH RECURSIVE up (id, above, steps) AS ("  # noqa: S608
            f" SELECT f.id, {above}, 1 FROM {_table(link)} f WHERE f.id = ANY($1) UNION ALL"
            f" SELECT up.id, {above}, steps + 1 FROM up JOIN {_table(link)} f ON f.id = up.above"
            f" WHERE steps < {DEEPEST})"
            " SELECT id FROM up GROUP BY id HAVING bool_and(above IS NOT NULL)",
            list(ids),
        )
    ]


def apart_from_their_folder(database: Database, ids: Iterable[UUID]) -> list[str]:
    """Those of these that lie in a folder of another owner."""
    found = []
    for link in (each for each in database.links if each.target == "folders"):
        columns = [each.column for each in database.links if _is_owner(each, link.table)]
        theirs, own = (
            ", ".join(f"{row}.{quoted(column)}" for column in columns) for row in ("t", "c")
        )
        rows = database.rows(
            f"SELECT c.id FROM {_table(link)} c JOIN {_target(link)} t"  # noqa: S608
            f" ON t.{quoted(link.target_column)} = {_column(link, 'c')}"
            f" WHERE c.id = ANY($1) AND ({own}) IS DISTINCT FROM ({theirs})",
            list(ids),
        )
        found += [f"{link.table}: {id_} lies in a folder of another owner" for (id_,) in rows]
    return found


def _is_owner(link: Link, table: str) -> bool:
    return link.table == table and link.target in OWNERS


def _link(database: Database, table: str, target: str) -> Link:
    links = [link for link in database.links if (link.table, link.target) == (table, target)]
    expect(f"foreign keys from {table} to {target}", expected=1, came=len(links))
    return links[0]


def _table(link: Link) -> str:
    return f"{quoted(link.schema)}.{quoted(link.table)}"


def _target(link: Link) -> str:
    return f"{quoted(link.schema)}.{quoted(link.target)}"


def _column(link: Link, row: str) -> str:
    return f"{row}.{quoted(link.column)}"

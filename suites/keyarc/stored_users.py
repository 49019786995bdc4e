"""Test users as they are stored: removed from the database, where nobody can sign in for them.

For whoever may look into the database (`insight.database`), with the run's journal lost or not.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import UUID

from harness.errors import HarnessError
from harness.sweeper import Old, Stored, database_sweeper
from suites.keyarc.identity import DOMAIN, run_in_email, run_of
from suites.keyarc.removal import USER

if TYPE_CHECKING:
    import asyncpg

TEAM = "team"
LIMIT_S = 10.0
KEPT = "the only owner of a team that others are in"
# Whoever would sign up, or be added to a team, waits until this is over.
USERS = """
SELECT id, email FROM users
WHERE email LIKE 'verify-%@' || $1 AND created_at <= now() - make_interval(secs => $2)
ORDER BY email FOR UPDATE
"""
TEAMS = """
SELECT id, name FROM teams
WHERE id IN (SELECT team_id FROM team_memberships WHERE user_id = ANY($1))
ORDER BY created_at, id FOR UPDATE
"""
MEMBERS = "SELECT team_id, user_id, role FROM team_memberships WHERE team_id = ANY($1)"


@dataclass(frozen=True, slots=True)
class Membership:
    """Who is in which team as what."""

    team: UUID
    user: UUID
    role: str


@database_sweeper
async def remove_stored(database: str, old: Old) -> list[Stored]:
    """Deletes test users with all that is only theirs, at once or not at all.

    A user who is the only owner of a team that somebody else is in, who stays, stays as well.

    Raises:
        HarnessError: The database cannot be reached, or does not do it.
    """
    import asyncpg

    try:
        connection = await asyncpg.connect(database, timeout=LIMIT_S, command_timeout=LIMIT_S)
        try:
            async with connection.transaction():
                return await _removed(connection, old)
        finally:
            await connection.close(timeout=LIMIT_S)
    except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        raise HarnessError(f"insight.database: {type(error).__name__}: {error}") from None


async def _removed(connection: "asyncpg.Connection", old: Old) -> list[Stored]:
    spared = {None, *(run_in_email(run) for run in old.spared)}
    rows = await connection.fetch(USERS, DOMAIN, old.age_s)
    users = {row["id"]: row["email"] for row in rows if run_of(row["email"]) not in spared}
    teams = {row["id"]: row["name"] for row in await connection.fetch(TEAMS, list(users))}
    rows = await connection.fetch(MEMBERS, list(teams))
    memberships = [Membership(row["team_id"], row["user_id"], row["role"]) for row in rows]
    going = who_can_go(users, memberships)
    emptied = [id_ for id_ in teams if all(m.user in going for m in memberships if m.team == id_)]
    if not old.is_dry:
        await connection.execute("DELETE FROM teams WHERE id = ANY($1)", emptied)
        await connection.execute("DELETE FROM users WHERE id = ANY($1)", list(going))
    return [
        *(Stored(TEAM, teams[id_]) for id_ in emptied),
        *(Stored(USER, email, "" if id_ in going else KEPT) for id_, email in users.items()),
    ]


def who_can_go(users: Iterable[UUID], memberships: list[Membership]) -> set[UUID]:
    """Those of some users without whom no team is left that has members and no owner."""
    going, before = set(users), -1
    teams = _by_team(memberships)
    while len(going) != before:
        before = len(going)
        for members in teams.values():
            staying = [each for each in members if each.user not in going]
            if staying and not any(each.role == "owner" for each in staying):
                going -= {each.user for each in members if each.role == "owner"}
    return going


def _by_team(memberships: list[Membership]) -> Mapping[UUID, list[Membership]]:
    teams: dict[UUID, list[Membership]] = {}
    for each in memberships:
        teams.setdefault(each.team, []).append(each)
    return teams

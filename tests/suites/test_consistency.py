"""Each judge of what is stored fails on rows that are wrong, and on nobody else's."""

from collections.abc import Callable, Iterator
from typing import Any
from uuid import UUID, uuid4

import pytest

from harness.errors import ContractViolation
from suites.journeys.consistency import (
    EXPECTED_LINKS,
    Made,
    apart_from_their_folder,
    circles,
    dangling,
    left,
    missing_links,
    must_be_consistent,
    ownerless,
)
from suites.keyarc.database import Database, looking
from suites.keyarc.waiting import Loop
from tests.services.conftest import psql

__all__ = ["psql"]
Psql = Callable[..., list[tuple[Any, ...]]]


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    with Loop() as loop, looking(database_url, loop) as database:
        yield database


@pytest.fixture
def user(psql: Psql) -> UUID:
    return made(
        psql,
        "users (email, auth_hash, encrypted_vault_key, encrypted_private_key,"
        " public_key) VALUES ('a', '', '', '', '')",
    )


@pytest.fixture
def team(psql: Psql) -> UUID:
    return made(psql, "teams (name) VALUES ('t')")


def made(psql: Psql, rest: str, *arguments: object) -> UUID:
    [(id_,)] = psql(f"INSERT INTO {rest} RETURNING id", *arguments)
    assert isinstance(id_, UUID)
    return id_


def folder(psql: Psql, owner: str, of: UUID, parent: UUID | None = None) -> UUID:
    columns = f"folders (name, owner_{owner}_id, parent_folder_id)"
    return made(psql, f"{columns} VALUES ('f', $1, $2)", of, parent)


def test_rows_that_belong_together_are_consistent(
    psql: Psql, database: Database, user: UUID, team: UUID
) -> None:
    psql("INSERT INTO team_memberships VALUES ($1, $2, 'owner', '')", team, user)
    outer = folder(psql, "team", team)
    ids = {user, team, outer, folder(psql, "team", team, outer)}
    must_be_consistent(database, Made(ids, ids))


def test_foreign_key_that_is_missing_is_named(psql: Psql, database: Database) -> None:
    psql("ALTER TABLE folders DROP CONSTRAINT folders_owner_team_id_fkey")
    assert missing_links(database) == ["no foreign key: folders -> teams"]
    assert len(EXPECTED_LINKS) > 10


def test_foreign_key_that_leads_nowhere_is_named(
    psql: Psql, database: Database, team: UUID
) -> None:
    name = "team_memberships_user_id_fkey"
    nobody, another = uuid4(), uuid4()
    psql(f"ALTER TABLE team_memberships DROP CONSTRAINT {name}")
    for each in (nobody, another):
        psql("INSERT INTO team_memberships VALUES ($1, $2, 'owner', '')", team, each)
    psql(
        f"ALTER TABLE team_memberships ADD CONSTRAINT {name}"
        " FOREIGN KEY (user_id) REFERENCES users NOT VALID"
    )
    [told] = dangling(database, {nobody, team})
    assert told == f"team_memberships.user_id -> users: leads nowhere, to {nobody}"


def test_what_names_the_gone_is_named(psql: Psql, database: Database, user: UUID) -> None:
    secret = uuid4()
    psql(
        "INSERT INTO audit_log (action, secret_id, owner_user_id) VALUES ('view', $1, $2)",
        secret,
        user,
    )
    assert left(database, {user, secret}, {secret}) == [
        f"audit_log.owner_user_id: names {user}, which has gone",
        f"users.id: names {user}, which has gone",
    ]
    assert left(database, {secret}, set()) == [
        f"audit_log.secret_id: names {secret}, which has gone"
    ]


def test_team_without_an_owner_is_named(
    psql: Psql, database: Database, user: UUID, team: UUID
) -> None:
    psql("INSERT INTO team_memberships VALUES ($1, $2, 'admin', '')", team, user)
    assert ownerless(database, {team}) == [f"teams: {team} has no owner"]
    assert ownerless(database, {user}) == []


@pytest.mark.parametrize("size", [1, 2, 3])
def test_circle_is_named(psql: Psql, database: Database, user: UUID, size: int) -> None:
    ring = [folder(psql, "user", user)]
    while len(ring) < size:
        ring.append(folder(psql, "user", user, ring[-1]))
    assert circles(database, ring) == []
    psql("UPDATE folders SET parent_folder_id = $1 WHERE id = $2", ring[-1], ring[0])
    below = folder(psql, "user", user, ring[0])
    told = circles(database, [*ring, below])
    assert sorted(told) == sorted(
        f"folders: {id_} does not lie below the root" for id_ in [*ring, below]
    )


def test_folder_of_another_owner_is_named(
    psql: Psql, database: Database, user: UUID, team: UUID
) -> None:
    outer = folder(psql, "team", team)
    inner = folder(psql, "user", user, outer)
    secret = made(
        psql,
        "secrets (name, encrypted_value, type, owner_user_id, folder_id)"
        " VALUES ('s', '', 'other', $1, $2)",
        user,
        outer,
    )
    assert apart_from_their_folder(database, {outer, inner, secret}) == [
        f"folders: {inner} lies in a folder of another owner",
        f"secrets: {secret} lies in a folder of another owner",
    ]


def test_what_does_not_hold_fails_the_journey(psql: Psql, database: Database, team: UUID) -> None:
    with pytest.raises(ContractViolation, match="has no owner"):
        must_be_consistent(database, Made({team}, {team}))
    must_be_consistent(database, Made({uuid4()}))

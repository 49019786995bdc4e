"""The caller's own profile."""

import uuid

import pytest

from tests.services.account.conftest import Person, Sql, team_key


def test_profile_shows_the_user_and_no_secret(ada: Person) -> None:
    answer = ada.get("/profile")

    assert answer.status_code == 200
    assert answer.json() == {
        "user_id": ada.user_id,
        "email": ada.email,
        "display_name": "",
        "public_key": ada.public_key,
    }


@pytest.mark.parametrize("name", ["", "Ada", "a" * 100, "Ада 🦊 \u202e", "'; DROP TABLE users; --"])
def test_display_name_changes(ada: Person, name: str) -> None:
    answer = ada.put("/profile", {"display_name": name})

    assert answer.status_code == 200
    assert answer.json() == ada.get("/profile").json()
    assert answer.json()["display_name"] == name


@pytest.mark.parametrize("member", ["email", "public_key", "user_id", "auth_hash"])
def test_nothing_else_changes(ada: Person, sql: Sql, member: str) -> None:
    row = "SELECT users::text FROM users WHERE id = $1"
    before = sql(row, uuid.UUID(ada.user_id))

    answer = ada.put("/profile", {"display_name": "Ada", member: "other@example.org"})

    assert answer.status_code == 422
    assert sql(row, uuid.UUID(ada.user_id)) == before


def test_profile_without_teams_is_deleted(ada: Person, sql: Sql) -> None:
    answer = ada.delete("/profile")

    assert (answer.status_code, answer.content) == (204, b"")
    assert sql("SELECT 1 FROM users WHERE id = $1", uuid.UUID(ada.user_id)) == []
    assert ada.delete("/profile").status_code == 401


def owned_rows(sql: Sql, column: str, owner: str) -> dict[str, int]:
    """How many rows belong to the owner."""
    return {
        table: sql(f"SELECT count(*) FROM {table} WHERE {column} = $1", uuid.UUID(owner))[0][0]
        for table in ("folders", "secrets", "audit_log")
    }


def give(sql: Sql, column: str, owner: str, actor: str) -> None:
    """A folder, a secret in it and an audit entry."""
    ((folder_id,),) = sql(
        f"INSERT INTO folders (name, {column}) VALUES ('f', $1) RETURNING id", uuid.UUID(owner)
    )
    ((secret_id,),) = sql(
        f"INSERT INTO secrets (name, encrypted_value, type, folder_id, {column}) "
        "VALUES ('s', '', 'other', $1, $2) RETURNING id",
        folder_id,
        uuid.UUID(owner),
    )
    sql(
        f"INSERT INTO audit_log (action, secret_id, actor_id, {column}) "
        "VALUES ('create', $1, $2, $3)",
        secret_id,
        uuid.UUID(actor),
        uuid.UUID(owner),
    )


NONE = {"folders": 0, "secrets": 0, "audit_log": 0}
ONE = {"folders": 1, "secrets": 1, "audit_log": 1}


def test_deletion_takes_all_that_only_the_user_owns(ada: Person, ben: Person, sql: Sql) -> None:
    alone = ada.team()
    shared = ben.team(member=ada)
    for column, owner in (
        ("owner_user_id", ada.user_id),
        ("owner_team_id", alone),
        ("owner_team_id", shared),
    ):
        give(sql, column, owner, actor=ada.user_id)

    assert ada.delete("/profile").status_code == 204

    assert owned_rows(sql, "owner_user_id", ada.user_id) == NONE
    assert owned_rows(sql, "owner_team_id", alone) == NONE
    assert owned_rows(sql, "owner_team_id", shared) == ONE
    assert sql("SELECT 1 FROM teams WHERE id = $1", uuid.UUID(alone)) == []
    assert ben.roles(shared) == {ben.user_id: "owner"}
    actors = "SELECT actor_id FROM audit_log WHERE owner_team_id = $1"
    assert sql(actors, uuid.UUID(shared)) == [(None,)]


def test_deletion_takes_memberships_and_idempotency_keys(
    ada: Person, ben: Person, sql: Sql
) -> None:
    ben.team(member=ada)
    for person in (ada, ben):
        body = {"name": "Team", "encrypted_team_key": team_key()}
        assert person.post("/teams", body, Idempotency_Key="k").status_code == 201

    assert ada.delete("/profile").status_code == 204

    for table, left in (("team_memberships", 2), ("idempotency_keys", 1)):
        rows = f"SELECT count(*) FROM {table} WHERE user_id = $1"
        assert sql(rows, uuid.UUID(ada.user_id)) == [(0,)]
        assert sql(rows, uuid.UUID(ben.user_id)) == [(left,)]


def test_last_owner_of_others_cannot_leave_and_nothing_is_lost(
    ada: Person, ben: Person, sql: Sql
) -> None:
    alone = ada.team()
    shared = ada.team(admin=ben)

    answer = ada.delete("/profile")

    assert answer.status_code == 409
    assert ada.roles(shared) == {ada.user_id: "owner", ben.user_id: "admin"}
    assert ada.roles(alone) == {ada.user_id: "owner"}


def test_one_of_two_owners_can_leave(ada: Person, ben: Person, cleo: Person) -> None:
    team_id = ada.team(owner=ben, member=cleo)

    assert ada.delete("/profile").status_code == 204
    assert ben.roles(team_id) == {ben.user_id: "owner", cleo.user_id: "member"}
    assert ben.delete("/profile").status_code == 409


def test_user_search_finds_an_exact_email_in_any_case(ada: Person, ben: Person) -> None:
    answer = ada.call("GET", "/users/search", params={"email": ben.email.upper()})

    assert answer.status_code == 200
    assert answer.json() == {
        "user_id": ben.user_id,
        "email": ben.email,
        "public_key": ben.public_key,
    }


@pytest.mark.parametrize(
    "email", ["nobody@example.org", "user-_@example.org", "user-*@example.org"]
)
def test_user_search_finds_nothing_else(ada: Person, email: str) -> None:
    answer = ada.call("GET", "/users/search", params={"email": email})

    assert answer.status_code == 404
    assert email not in answer.text


@pytest.mark.parametrize(
    "email", [None, "", "ada", "%", "a@example.org\x00", "a" * 255, "\ud7ff@x"]
)
def test_user_search_for_no_email_is_422(ada: Person, email: str | None) -> None:
    params = {} if email is None else {"email": email}

    assert ada.call("GET", "/users/search", params=params).status_code == 422

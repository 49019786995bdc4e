"""Teams and their members, one call at a time."""

import uuid
from datetime import datetime
from typing import Any

import pytest

from tests.services.account.conftest import Person, Sql, team_key


def test_creator_owns_the_new_team(ada: Person) -> None:
    key = team_key()

    answer = ada.post("/teams", {"name": "Platform", "encrypted_team_key": key})

    assert answer.status_code == 201
    team = answer.json()
    assert {"team_id", "created_at"} == set(team) - {"name", "role"}
    assert (team["name"], team["role"]) == ("Platform", "owner")
    assert datetime.fromisoformat(team["created_at"]).utcoffset() is not None
    shown = ada.get(f"/teams/{team['team_id']}").json()
    (member,) = shown.pop("members")
    assert shown == {**team, "encrypted_team_key": key}
    assert (member["user_id"], member["email"], member["role"]) == (
        ada.user_id,
        ada.email,
        "owner",
    )


def test_each_member_sees_their_own_key_and_role(ada: Person, ben: Person) -> None:
    team_id = ada.team()
    key = team_key()
    body = {"email": ben.email.upper(), "role": "admin", "encrypted_team_key": key}

    answer = ada.post(f"/teams/{team_id}/members", body)

    assert answer.status_code == 201
    seen = ben.get(f"/teams/{team_id}").json()
    assert (seen["role"], seen["encrypted_team_key"]) == ("admin", key)
    assert [member["user_id"] for member in seen["members"]] == [ada.user_id, ben.user_id]
    assert seen["members"][1] == answer.json()
    assert "encrypted_team_key" not in seen["members"][0]
    assert seen["members"] == ada.get(f"/teams/{team_id}").json()["members"]


def test_list_has_own_teams_with_own_roles(ada: Person, ben: Person) -> None:
    assert ada.get("/teams").json() == {"items": [], "next_cursor": None}
    ids = [ada.team(), ben.team(member=ada), ada.team(owner=ben), ben.team()]

    items = ada.get("/teams").json()["items"]

    assert [(team["team_id"], team["role"]) for team in items] == list(
        zip(ids[:3], ["owner", "member", "owner"], strict=True)
    )
    assert set(items[0]) == {"team_id", "name", "role", "created_at"}


@pytest.mark.parametrize("limit", [1, 2, 3, 4, 100])
def test_pages_join_to_the_whole_list(ada: Person, limit: int) -> None:
    ids = [ada.team() for _ in range(4)]
    seen: list[str] = []
    cursor: str | None = ""
    while cursor is not None:
        params: dict[str, Any] = {"limit": limit, **({"cursor": cursor} if cursor else {})}
        page = ada.call("GET", "/teams", params=params).json()
        assert 1 <= len(page["items"]) <= limit
        seen += [team["team_id"] for team in page["items"]]
        cursor = page["next_cursor"]

    assert seen == ids


@pytest.mark.parametrize(
    "params",
    [
        {"limit": 0},
        {"limit": 101},
        {"limit": "many"},
        {"limit": "9" * 5000},
        {"cursor": ""},
        {"cursor": "A" * 56},
        {"cursor": "ä"},
        {"cursor": "A" * 101},
        {"cursor": "\x00"},
    ],
)
def test_bad_page_is_422(ada: Person, params: dict[str, Any]) -> None:
    assert ada.call("GET", "/teams", params=params).status_code == 422


def test_changed_cursor_is_422(ada: Person) -> None:
    for _ in range(2):
        ada.team()
    cursor = ada.call("GET", "/teams", params={"limit": 1}).json()["next_cursor"]
    for at in (0, 12, 30, 50):
        changed = cursor[:at] + ("B" if cursor[at] == "A" else "A") + cursor[at + 1 :]

        assert ada.call("GET", "/teams", params={"cursor": changed}).status_code == 422


def test_renamed_team_has_its_new_name(ada: Person) -> None:
    team_id = ada.team()

    answer = ada.put(f"/teams/{team_id}", {"name": "Infrastructure"})

    assert (answer.status_code, answer.json()["name"]) == (200, "Infrastructure")
    assert ada.get("/teams").json()["items"] == [answer.json()]


def test_deleted_team_takes_its_secrets_and_folders(ada: Person, ben: Person, sql: Sql) -> None:
    team_id = ada.team(member=ben)
    team = uuid.UUID(team_id)
    sql("INSERT INTO folders (name, owner_team_id) VALUES ('f', $1)", team)
    sql(
        "INSERT INTO secrets (name, encrypted_value, type, owner_team_id) "
        "VALUES ('s', '', 'other', $1)",
        team,
    )
    sql(
        "INSERT INTO audit_log (action, secret_id, actor_id, owner_team_id) "
        "SELECT 'create', id, $1, owner_team_id FROM secrets WHERE owner_team_id = $2",
        uuid.UUID(ben.user_id),
        team,
    )
    assert sql("SELECT count(*) FROM audit_log WHERE owner_team_id = $1", team) == [(1,)]

    answer = ada.delete(f"/teams/{team_id}")

    assert (answer.status_code, answer.content) == (204, b"")
    for table, column in (
        ("teams", "id"),
        ("team_memberships", "team_id"),
        ("secrets", "owner_team_id"),
        ("folders", "owner_team_id"),
        ("audit_log", "owner_team_id"),
    ):
        assert sql(f"SELECT 1 FROM {table} WHERE {column} = $1", team) == []
    assert [person.get(f"/teams/{team_id}").status_code for person in (ada, ben)] == [404, 404]


def test_member_is_named_in_exactly_one_way(ada: Person, ben: Person) -> None:
    team_id = ada.team()
    rest = {"role": "member", "encrypted_team_key": team_key()}
    both = {"user_id": ben.user_id, "email": ben.email}
    for named in ({}, both, {**both, "email": None}, {"user_id": None}):
        assert ada.post(f"/teams/{team_id}/members", {**rest, **named}).status_code == 422

    assert ada.roles(team_id) == {ada.user_id: "owner"}


def test_member_cannot_be_added_twice(ada: Person, ben: Person) -> None:
    team_id = ada.team(member=ben)

    assert [ada.add(team_id, ben, "admin").status_code, ada.add(team_id, ada).status_code] == [
        409,
        409,
    ]
    assert ada.roles(team_id) == {ada.user_id: "owner", ben.user_id: "member"}


@pytest.mark.parametrize("named", ["user_id", "email"])
def test_unknown_user_cannot_be_added(ada: Person, unknown_id: str, named: str) -> None:
    unknown = {"user_id": unknown_id, "email": "nobody@example.org"}[named]
    body = {named: unknown, "role": "member", "encrypted_team_key": team_key()}

    answer = ada.post(f"/teams/{ada.team()}/members", body)

    assert answer.status_code == 404
    assert unknown not in answer.text


def test_unknown_member_is_404(ada: Person, ben: Person) -> None:
    path = f"/teams/{ada.team()}/members/{ben.user_id}"

    answers = [ada.put(path, {"role": "admin"}), ada.delete(path)]

    assert [answer.status_code for answer in answers] == [404, 404]
    assert all(ben.user_id not in answer.text for answer in answers)


def test_removed_member_sees_the_team_no_more_and_can_come_back(ada: Person, ben: Person) -> None:
    team_id = ada.team(admin=ben)

    assert ada.delete(f"/teams/{team_id}/members/{ben.user_id}").status_code == 204

    assert ben.get(f"/teams/{team_id}").status_code == 404
    assert ben.get("/teams").json()["items"] == []
    assert ada.add(team_id, ben).status_code == 201
    assert ben.get(f"/teams/{team_id}").json()["role"] == "member"


@pytest.mark.parametrize("role", ["admin", "member"])
def test_last_owner_cannot_be_demoted_or_go(ada: Person, ben: Person, role: str) -> None:
    team_id = ada.team(admin=ben)
    path = f"/teams/{team_id}/members/{ada.user_id}"

    assert ada.put(path, {"role": role}).status_code == 409
    assert ada.delete(path).status_code == 409
    assert ada.put(path, {"role": "owner"}).status_code == 200
    assert ada.roles(team_id) == {ada.user_id: "owner", ben.user_id: "admin"}


def test_last_owner_cannot_go_even_alone(ada: Person) -> None:
    assert ada.delete(f"/teams/{ada.team()}/members/{ada.user_id}").status_code == 409


def test_ownership_can_be_handed_over(ada: Person, ben: Person) -> None:
    team_id = ada.team(member=ben)

    assert ada.put(f"/teams/{team_id}/members/{ben.user_id}", {"role": "owner"}).status_code == 200
    own = f"/teams/{team_id}/members/{ada.user_id}"
    answer = ada.put(own, {"role": "member"})

    assert (answer.status_code, answer.json()["role"]) == (200, "member")
    assert ada.delete(own).status_code == 204
    assert ben.roles(team_id) == {ben.user_id: "owner"}


def test_change_of_role_counts_at_once(ada: Person, ben: Person) -> None:
    team_id = ada.team(member=ben)
    assert ben.put(f"/teams/{team_id}", {"name": "No"}).status_code == 403

    ada.put(f"/teams/{team_id}/members/{ben.user_id}", {"role": "admin"})

    assert ben.put(f"/teams/{team_id}", {"name": "Yes"}).status_code == 200

"""The audit log says who did what when, and survives the secret."""

from datetime import datetime

from tests.services.keys.world import SECRET, Person, Team, World, items, refused


def test_history_of_an_own_secret(ada: Person) -> None:
    secret = ada.secret()
    path = f"/secrets/{secret['id']}"
    ada.get(path)
    ada.put(path, SECRET)
    ada.get(path)
    ada.delete(path)
    entries = items(ada.get("/audit", secret_id=secret["id"]))
    assert [each["action"] for each in entries] == ["create", "view", "update", "view", "delete"]
    about = {"secret_id": secret["id"], "actor_id": ada.id, "owner_type": "user"}
    assert all(about.items() <= each.items() and ada.id == each["owner_id"] for each in entries)
    times = [datetime.fromisoformat(each["created_at"]) for each in entries]
    assert sorted(set(times)) == times


def test_creating_for_a_team_is_sharing(team: Team) -> None:
    secret = team.admin.secret(**team.owned)
    team.member.get(f"/secrets/{secret['id']}")
    entries = items(team.member.get("/audit", secret_id=secret["id"]))
    expected = [("create", team.admin.id), ("share", team.admin.id), ("view", team.member.id)]
    assert expected == [(each["action"], each["actor_id"]) for each in entries]
    assert {("team", team.id)} == {(each["owner_type"], each["owner_id"]) for each in entries}


def test_lists_refusals_and_answers_to_writers_are_no_views(team: Team, ada: Person) -> None:
    secret = team.owner.secret(**team.owned)
    team.owner.get("/secrets", team_id=team.id)
    team.owner.get("/secrets/expiring")
    refused(ada.get(f"/secrets/{secret['id']}"), 404)
    refused(team.member.put(f"/secrets/{secret['id']}", SECRET), 403)
    refused(team.admin.delete(f"/secrets/{secret['id']}"), 403)
    assert team.member.history(secret["id"]) == ["create", "share"]


def test_history_outlives_the_secret_for_those_who_could_see_it(
    team: Team, ada: Person, world: World
) -> None:
    secret = team.owner.secret(**team.owned)["id"]
    team.owner.delete(f"/secrets/{secret}")
    assert team.member.history(secret) == ["create", "share", "delete"]
    refused(ada.get("/audit", secret_id=secret), 404)
    world.join(team.id, ada, "member")
    assert ada.history(secret) == ["create", "share", "delete"]


def test_deleted_actor_becomes_null(team: Team, world: World) -> None:
    secret = team.owner.secret(**team.owned)["id"]
    team.admin.get(f"/secrets/{secret}")
    world.delete_person(team.admin)
    entries = items(team.member.get("/audit", secret_id=secret))
    assert [team.owner.id, team.owner.id, None] == [each["actor_id"] for each in entries]


def test_history_goes_with_the_owning_user_or_team(ada: Person, team: Team, world: World) -> None:
    secrets = [ada.secret()["id"], team.owner.secret(**team.owned)["id"]]
    world.delete_person(ada)
    world.delete_team(team)
    left = "SELECT count(*) FROM audit_log WHERE secret_id = ANY($1::text[]::uuid[])"
    assert world.query(left, secrets) == [(0,)]
    refused(team.owner.get("/audit", secret_id=secrets[1]), 404)


def test_secret_must_be_named(ada: Person) -> None:
    refused(ada.get("/audit"), 422)

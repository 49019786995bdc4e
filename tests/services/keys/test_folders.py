"""Folders nest, never in circles, and let go of what is in them."""

import uuid
from typing import Any

import pytest

from services.keys.nesting import MAX_DEPTH
from tests.services.keys.world import SECRET, Person, Team, items, refused


def chain(person: Person, length: int, **owned: str) -> list[str]:
    """Folders, each in the one before."""
    ids: list[str] = []
    for number in range(length):
        parent = {"parent_folder_id": ids[-1]} if ids else {}
        ids.append(person.folder(f"level {number}", **parent, **owned)["id"])
    return ids


def test_folder_is_made_renamed_and_moved(ada: Person) -> None:
    parent = ada.folder("parent")
    child = ada.folder("child", parent_folder_id=parent["id"])
    assert (parent["id"], "user", ada.id) == (
        child["parent_folder_id"],
        child["owner_type"],
        child["owner_id"],
    )
    other = ada.folder("other")["id"]
    moved = ada.put(f"/folders/{child['id']}", {"name": "new", "parent_folder_id": other})
    expected = child | {"name": "new", "parent_folder_id": other}
    assert (200, expected) == (moved.status_code, moved.json())
    assert expected in items(ada.get("/folders"))


def test_put_without_a_parent_moves_to_the_root(ada: Person) -> None:
    child = ada.folder(parent_folder_id=ada.folder()["id"])
    moved = ada.put(f"/folders/{child['id']}", {"name": "child"})
    assert moved.json()["parent_folder_id"] is None


def test_list_holds_own_folders_only(ada: Person, bob: Person, team: Team) -> None:
    bob.folder("bob's")
    team.owner.folder("team's", **team.owned)
    ada.folder("own")
    team.owner.folder("owner's own")
    assert ada.names("/folders") == ["own"]
    assert team.member.names("/folders", team_id=team.id) == ["team's"]
    assert team.owner.names("/folders") == ["owner's own"]


@pytest.mark.parametrize("depth", [1, 2, 4])
def test_circle_is_409(ada: Person, depth: int) -> None:
    ids = chain(ada, depth)
    body = {"name": "a", "parent_folder_id": ids[-1]}
    refused(ada.put(f"/folders/{ids[0]}", body), 409)
    assert ada.get("/folders").json()["items"][0]["parent_folder_id"] is None


def test_folder_may_stay_where_it_is(ada: Person) -> None:
    parent, child = chain(ada, 2)
    body = {"name": "new name", "parent_folder_id": parent}
    assert ada.put(f"/folders/{child}", body).status_code == 200


def test_depth_is_bounded(ada: Person) -> None:
    deepest = chain(ada, MAX_DEPTH)[-1]
    refused(ada.post("/folders", {"name": "a", "parent_folder_id": deepest}), 409)
    fits = chain(ada, 2)
    body: dict[str, Any] = {"name": "a", "parent_folder_id": deepest}
    refused(ada.put(f"/folders/{fits[0]}", body), 409)


def test_depth_counts_all_levels_of_what_is_moved(ada: Person) -> None:
    upper = chain(ada, MAX_DEPTH - 2)
    three, two = chain(ada, 3), chain(ada, 2)
    body = {"name": "a", "parent_folder_id": upper[-1]}
    refused(ada.put(f"/folders/{three[0]}", body), 409)
    assert ada.put(f"/folders/{two[0]}", body).status_code == 200


def test_folder_of_another_owner_is_no_parent_and_holds_no_secret(
    ada: Person, bob: Person, team: Team
) -> None:
    own, team_folder = team.owner.folder()["id"], team.owner.folder(**team.owned)["id"]
    foreign = {
        "unknown": (ada, str(uuid.uuid4()), {}),
        "another user's": (ada, bob.folder()["id"], {}),
        "own for a team's": (team.owner, own, team.owned),
        "a team's for own": (team.owner, team_folder, {}),
    }
    answers = []
    for person, folder, owned in foreign.values():
        secret, child = person.secret(**owned), person.folder(**owned)
        named = {"name": "a", "parent_folder_id": folder}
        put = SECRET | {"folder_id": folder}
        answers += [
            refused(person.post("/folders", named | owned), 422),
            refused(person.put(f"/folders/{child['id']}", named), 422),
            refused(person.post("/secrets", put | owned), 422),
            refused(person.put(f"/secrets/{secret['id']}", put), 422),
        ]
    assert [answers[0]] * 16 == answers


def test_deleted_folder_leaves_secrets_and_children_at_the_root(ada: Person) -> None:
    parent, middle, child, grandchild = chain(ada, 4)
    secret = ada.secret(folder_id=middle)
    deeper = ada.secret(folder_id=child)
    assert ada.delete(f"/folders/{middle}").status_code == 204
    left = {folder["id"]: folder["parent_folder_id"] for folder in items(ada.get("/folders"))}
    assert {parent: None, child: None, grandchild: child} == left
    assert ada.get(f"/secrets/{secret['id']}").json()["folder_id"] is None
    assert child == ada.get(f"/secrets/{deeper['id']}").json()["folder_id"]
    assert ada.history(secret["id"]) == ["create", "update", "view"]
    assert ada.history(deeper["id"]) == ["create", "view"]
    refused(ada.delete(f"/folders/{middle}"), 404)
    refused(ada.put(f"/folders/{middle}", {"name": "a"}), 404)

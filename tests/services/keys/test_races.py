"""What happens at the same time happens in some order, and never ends in a 500."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from tests.services.keys.world import SECRET, Person, Team, World, items

Act = Callable[[], Any]


def at_once(*acts: Act) -> list[Any]:
    """Does all at the same time; what each came to."""
    start = threading.Barrier(len(acts))

    def run(act: Act) -> Any:
        start.wait(10)
        result = act()
        return result.status_code if isinstance(result, httpx.Response) else result

    with ThreadPoolExecutor(len(acts)) as pool:
        return list(pool.map(run, acts))


@pytest.mark.parametrize("_round", range(5))
def test_two_moves_that_make_a_circle_cannot_both_be(ada: Person, _round: int) -> None:
    a, b = ada.folder("a")["id"], ada.folder("b")["id"]
    statuses = at_once(
        lambda: ada.put(f"/folders/{a}", {"name": "a", "parent_folder_id": b}),
        lambda: ada.put(f"/folders/{b}", {"name": "b", "parent_folder_id": a}),
    )
    assert sorted(statuses) == [200, 409]
    parents = [folder["parent_folder_id"] for folder in items(ada.get("/folders"))]
    assert parents.count(None) == 1


def test_three_moves_that_make_a_circle_cannot_all_be(team: Team) -> None:
    folders = [team.owner.folder(str(number), **team.owned)["id"] for number in range(3)]

    def move(number: int) -> Act:
        body = {"name": "a", "parent_folder_id": folders[(number + 1) % 3]}
        person = [team.owner, team.admin, team.owner][number]
        return lambda: person.put(f"/folders/{folders[number]}", body)

    assert sorted(at_once(*map(move, range(3)))) == [200, 200, 409]


def test_of_updates_with_one_tag_one_succeeds(ada: Person) -> None:
    created = ada.post("/secrets", SECRET)
    path, tag = f"/secrets/{created.json()['id']}", created.headers["etag"]
    statuses = at_once(*[lambda: ada.put(path, SECRET, tag)] * 6)
    assert sorted(statuses) == [200] + [412] * 5
    assert ada.history(created.json()["id"]) == ["create", "update"]


def test_secret_is_deleted_once(ada: Person) -> None:
    secret = ada.secret()["id"]
    statuses = at_once(*[lambda: ada.delete(f"/secrets/{secret}")] * 4)
    assert sorted(statuses) == [204, 404, 404, 404]
    assert ada.history(secret) == ["create", "delete"]


def test_deletion_is_the_last_entry(ada: Person) -> None:
    secret = ada.secret()["id"]
    path = f"/secrets/{secret}"
    at_once(
        *[lambda: ada.get(path)] * 3,
        lambda: ada.put(path, SECRET),
        lambda: ada.delete(path),
    )
    assert ada.history(secret)[-1] == "delete"


def test_folder_goes_while_things_are_put_in_it(ada: Person) -> None:
    for _ in range(4):
        folder = ada.folder()["id"]
        kept = ada.secret()["id"]
        into = SECRET | {"folder_id": folder}
        child = {"name": "child", "parent_folder_id": folder}
        deleted, *rest = at_once(
            lambda: ada.delete(f"/folders/{folder}"),  # noqa: B023 - called in this round
            lambda: ada.post("/secrets", into),  # noqa: B023
            lambda: ada.put(f"/secrets/{kept}", into),  # noqa: B023
            lambda: ada.post("/folders", child),  # noqa: B023
        )
        assert deleted == 204
        assert set(rest) <= {200, 201, 422}
    assert {None} == {secret["folder_id"] for secret in items(ada.get("/secrets"))}
    assert {None} == {folder["parent_folder_id"] for folder in items(ada.get("/folders"))}


def test_member_leaves_while_creating(team: Team, world: World) -> None:
    for _ in range(4):
        world.join(team.id, team.admin, "admin")
        body = SECRET | team.owned
        statuses = at_once(
            lambda: world.leave(team.id, team.admin),
            *[lambda: team.admin.post("/secrets", body)] * 3,  # noqa: B023 - called in this round
        )
        assert set(statuses[1:]) <= {201, 404}
        assert team.admin.post("/secrets", body).status_code == 404


def everything(person: Person, owned: dict[str, str]) -> list[Act]:
    """Every kind of write, and a reading, of what is there already."""
    secret = f"/secrets/{person.secret(**owned)['id']}"
    folder = f"/folders/{person.folder(**owned)['id']}"
    return [
        lambda: person.post("/secrets", SECRET | owned),
        lambda: person.post("/secrets", SECRET | owned, Idempotency_Key="k1"),
        lambda: person.post("/folders", {"name": "a"} | owned),
        lambda: person.put(secret, SECRET),
        lambda: person.put(folder, {"name": "a"}),
        lambda: person.get(secret),
        lambda: person.delete(folder),
    ]


def test_team_goes_while_it_is_used(world: World) -> None:
    for _ in range(3):
        team = world.team()
        acts = everything(team.owner, team.owned)
        statuses = at_once(lambda: world.delete_team(team), *acts)  # noqa: B023 - this round's
        assert set(statuses[1:]) <= {200, 201, 204, 404}


def test_user_goes_while_at_work(world: World) -> None:
    for _ in range(3):
        person = world.person()
        acts = everything(person, {})
        statuses = at_once(lambda: world.delete_person(person), *acts)  # noqa: B023 - this round's
        assert set(statuses[1:]) <= {200, 201, 204, 401, 404}


def test_reader_who_pages_while_others_write_sees_all_up_to_the_end(ada: Person) -> None:
    def write() -> list[str]:
        return [ada.secret()["id"] for _ in range(8)]

    def read() -> list[str]:
        seen: list[str] = []
        cursor: dict[str, str] = {}
        while cursor or len(seen) < 8:
            page = ada.get("/secrets", limit=2, **cursor).json()
            if not cursor:
                seen = []
            seen += [item["id"] for item in page["items"]]
            cursor = {"cursor": page["next_cursor"]} if page["next_cursor"] else {}
        return seen

    *_, seen = at_once(write, write, write, read)
    everything = [item["id"] for item in items(ada.get("/secrets", limit=100))]
    assert len(everything) == 24
    assert everything[: len(seen)] == seen

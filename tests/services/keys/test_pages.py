"""Lists come whole, in order and page by page; only our own cursors are taken."""

import uuid
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from pydantic import SecretStr

from services.cursor import Cursors, Place
from tests.services.keys.world import SECRET, Person, Team, World, refused

# Two in one microsecond, the next a microsecond later, one on a full second, one long before.
TIMES = [
    "2024-05-01T10:00:00.123456Z",
    "2024-05-01T10:00:00.123456Z",
    "2024-05-01T10:00:00.123457Z",
    "2024-05-01T10:00:01Z",
    "1969-12-31T23:59:59.999999Z",
]


def pages(person: Person, path: str, **params: Any) -> list[list[dict[str, Any]]]:
    """Every page of a list."""
    found: list[list[dict[str, Any]]] = []
    cursor: str | None = None
    while not found or cursor is not None:
        answer = person.get(path, **params, **({"cursor": cursor} if cursor else {}))
        assert answer.status_code == 200, answer.text
        found.append(answer.json()["items"])
        cursor = answer.json()["next_cursor"]
    return found


def ids(found: list[list[dict[str, Any]]]) -> list[str]:
    return [item["id"] for page in found for item in page]


def insert(world: World, person: Person, times: list[str]) -> list[str]:
    """Writes secrets of given times; their ids in the order of a list."""
    rows = world.query(
        "INSERT INTO secrets (name, encrypted_value, type, owner_user_id, created_at, expires_at)"
        " SELECT 'a', '', 'other', $1, moment, '2000-01-01' FROM unnest($2::text[]::timestamptz[])"
        " AS moment RETURNING created_at, id",
        uuid.UUID(person.id),
        times,
    )
    return [str(id_) for _, id_ in sorted(rows)]


@pytest.mark.parametrize("path", ["/secrets", "/secrets/expiring"])
@pytest.mark.parametrize("limit", [1, 2, 4, 5, 6, 100])
def test_pages_make_up_the_list_in_order(ada: Person, world: World, path: str, limit: int) -> None:
    expected = insert(world, ada, TIMES)
    found = pages(ada, path, limit=limit)
    assert expected == ids(found)
    assert -(-len(TIMES) // limit) == len(found)


def test_default_is_50_items(ada: Person, world: World) -> None:
    insert(world, ada, ["2024-05-01T10:00:00Z"] * 101)
    assert [len(page) for page in pages(ada, "/secrets")] == [50, 50, 1]
    assert [len(page) for page in pages(ada, "/secrets", limit=100)] == [100, 1]


def test_folders_and_audit_entries_come_in_pages_too(ada: Person) -> None:
    folders = [ada.folder()["id"] for _ in range(3)]
    secret = ada.secret()["id"]
    for _ in range(2):
        ada.get(f"/secrets/{secret}")
    assert folders == ids(pages(ada, "/folders", limit=2))
    entries = pages(ada, "/audit", secret_id=secret, limit=2)
    assert [[e["action"] for e in page] for page in entries] == [["create", "view"], ["view"]]


@pytest.mark.parametrize("limit", ["0", "101", "-1", "x", "", "1.5", "1e999", "9" * 30])
def test_limit_out_of_bounds_is_422(ada: Person, limit: str) -> None:
    for path in ("/secrets", "/folders", "/secrets/expiring", f"/audit?secret_id={uuid.uuid4()}"):
        refused(ada.send("GET", f"{path}{'&' if '?' in path else '?'}limit={limit}"), 422)


def first_cursor(person: Person, path: str = "/secrets", **params: Any) -> str:
    cursor = person.get(path, limit=1, **params).json()["next_cursor"]
    assert isinstance(cursor, str)
    return cursor


def tampered(cursor: str) -> list[str]:
    """The cursor with each of its letters changed in turn."""
    return [
        cursor[:place] + ("A" if cursor[place] != "A" else "B") + cursor[place + 1 :]
        for place in range(len(cursor))
    ]


GARBAGE = ["", "x", "null", "A" * 64, "é" * 64, "A" * 63 + "=", "A" * 10_000, "\x00", "../" * 21]


def test_cursor_that_we_did_not_make_is_422(ada: Person, world: World) -> None:
    insert(world, ada, TIMES)
    forged = Cursors(SecretStr("x" * 32), f"/keys/secrets {ada.id} {{}}")
    strange = forged.seal(Place(datetime(2024, 1, 1, tzinfo=UTC), uuid.uuid4()))
    for cursor in [*tampered(first_cursor(ada)), *GARBAGE, strange]:
        refused(ada.get("/secrets", cursor=cursor), 422)


def test_cursor_serves_its_own_list_only(
    ada: Person, bob: Person, world: World, team: Team
) -> None:
    insert(world, ada, TIMES)
    insert(world, bob, TIMES)
    assert ada.folder() != ada.folder()
    cursor = first_cursor(ada)
    assert ada.get("/secrets", cursor=cursor, limit=7).status_code == 200
    refused(bob.get("/secrets", cursor=cursor), 422)
    for path, params in [
        ("/secrets", {"tag": "x"}),
        ("/secrets", {"environment": "dev"}),
        ("/secrets", {"folder_id": str(uuid.uuid4())}),
        ("/folders", {}),
        ("/secrets/expiring", {}),
    ]:
        refused(ada.get(path, **params, cursor=cursor), 422)
    refused(
        ada.get("/secrets/expiring", cursor=first_cursor(ada, "/secrets/expiring"), days=1), 422
    )
    refused(ada.get("/secrets", cursor=first_cursor(ada, "/folders")), 422)
    for number in range(2):
        team.owner.secret(name=str(number), **team.owned)
    team_cursor = first_cursor(team.owner, team_id=team.id)
    refused(team.owner.get("/secrets", cursor=team_cursor), 422)
    assert team.owner.get("/secrets", team_id=team.id, cursor=team_cursor).status_code == 200


def test_cursor_of_one_instance_is_taken_by_another(
    ada: Person, world: World, another: Callable[[], httpx.Client]
) -> None:
    expected = insert(world, ada, TIMES)
    elsewhere = Person(ada.id, another())
    rest = elsewhere.get("/secrets", cursor=first_cursor(ada)).json()["items"]
    assert expected[1:] == [item["id"] for item in rest]


def test_writing_between_pages_repeats_and_hides_nothing(ada: Person) -> None:
    before = [ada.secret()["id"] for _ in range(6)]
    seen: list[str] = []
    cursor: dict[str, str] = {}
    while cursor or not seen:
        page = ada.get("/secrets", limit=2, **cursor).json()
        seen += [item["id"] for item in page["items"]]
        cursor = {"cursor": page["next_cursor"]} if page["next_cursor"] else {}
        if len(seen) == 2:
            # The row that the cursor stands on goes, one is changed, one is new.
            assert ada.delete(f"/secrets/{seen[1]}").status_code == 204
            ada.put(f"/secrets/{before[3]}", {**SECRET, "name": "changed"})
            new = ada.secret()["id"]
    assert [*before, new] == seen

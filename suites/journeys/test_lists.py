"""Every list of KeyArc comes whole, page by page, while others write to it."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from threading import Event
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from harness.check import expect
from suites.journeys.crew import kept
from suites.keyarc.cryptography import blob
from suites.keyarc.person import Person, present
from suites.keyarc.stored import KeptSecret, NewFolder
from suites.keyarc.visit import Visit
from suites.keyarc.waiting import at_once

WRITES = 6


@dataclass(frozen=True)
class Listing:
    """A list of what one user has.

    Attributes:
        make: Adds something to it; its id, where one tells.
        page: A page of it: `limit`, `cursor`.
        remove: Takes something away again; None where nothing can be.
        key: What an item of it is known by.
    """

    make: Callable[[Person], UUID | None]
    page: Callable[..., httpx.Response]
    remove: Callable[[Person, UUID], object] | None = None
    key: str = "id"


def _found_team(person: Person) -> UUID:
    name = person.named("listed")
    return person.account.create_team(name=name, encrypted_team_key=blob(228)).team_id


def _make_folder(person: Person) -> UUID:
    return person.keys.create_folder(NewFolder(name=person.named("listed"), owner_type="user")).id


def _delete(person: Person, id_: UUID) -> None:
    person.keys.delete(id_)


LISTS = {
    "secrets": Listing(lambda p: kept(p).id, lambda p, **a: p.keys.secrets.answer(**a), _delete),
    "expiring": Listing(
        lambda p: kept(p, expires_at=datetime.now(UTC) + timedelta(hours=1)).id,
        lambda p, **a: p.keys.expiring.answer(**a),
        _delete,
    ),
    "folders": Listing(
        _make_folder,
        lambda p, **a: p.keys.folders.answer(**a),
        lambda p, id_: p.keys.delete_folder(id_),
    ),
    "teams": Listing(
        _found_team,
        lambda p, **a: p.account.teams.answer(**a),
        lambda p, id_: p.account.delete_team(id_),
        key="team_id",
    ),
}


@pytest.fixture(scope="module")
def reader(visit: Visit) -> Iterator[Person]:
    """Somebody whose lists nobody else writes to."""
    with present(visit, quick=True) as person:
        yield person


def pages(reader: Person, listing: Listing, limit: int) -> Iterator[list[str]]:
    """The list's ids, page by page."""
    cursor: str | None = None
    while True:
        answer = listing.page(reader, limit=limit, cursor=cursor)
        expect("a page", expected=200, came=answer.status_code)
        body: dict[str, Any] = answer.json()
        yield [str(item[listing.key]) for item in body["items"]]
        cursor = body["next_cursor"]
        if cursor is None:
            return


def read(reader: Person, listing: Listing, limit: int) -> list[str]:
    return [id_ for page in pages(reader, listing, limit) for id_ in page]


@pytest.mark.parametrize("name", LISTS)
def test_each_list_comes_whole(reader: Person, name: str) -> None:
    """Whatever fits on a page, all is there once, in the order in which it was made."""
    listing = LISTS[name]
    before = read(reader, listing, 100)
    made = [str(listing.make(reader)) for _ in range(5)]
    for limit in (1, 2, 5, 100):
        found = list(pages(reader, listing, limit))
        came = [id_ for page in found for id_ in page]
        expect(f"{name}, {limit} a page", expected=[*before, *made], came=came)
        expect("the longest page", expected=True, came=max(map(len, found)) <= limit)


@pytest.mark.parametrize("name", LISTS)
def test_each_list_stands_writers(reader: Person, name: str) -> None:
    """While somebody makes and removes, what stays is read once, in order, and nothing twice."""
    listing = LISTS[name]
    remove = listing.remove
    assert remove is not None
    stays = [str(listing.make(reader)) for _ in range(4)]
    ended = Event()

    def write() -> list[list[str]]:
        try:
            for _ in range(WRITES):
                made = listing.make(reader)
                assert made is not None
                remove(reader, made)
        finally:
            ended.set()
        return []

    def look() -> list[list[str]]:
        found = [read(reader, listing, 2)]
        while not ended.is_set():
            found.append(read(reader, listing, 2))
        return found

    for reading in at_once(write, look)[1]:
        expect("what was read twice", expected=len(reading), came=len(set(reading)))
        came = [id_ for id_ in reading if id_ in stays]
        expect("what stayed, as it was read", expected=stays, came=came)


def test_a_history_comes_whole_beside_readers(reader: Person) -> None:
    """Each reading of a history is the beginning of all that follow, and none misses an entry."""
    secret: KeptSecret = kept(reader)
    ended = Event()

    def view() -> list[list[tuple[str, str]]]:
        try:
            for _ in range(WRITES):
                reader.keys.secret(secret.id)
        finally:
            ended.set()
        return []

    def look() -> list[list[tuple[str, str]]]:
        found = [history(reader, secret.id)]
        while not ended.is_set():
            found.append(history(reader, secret.id))
        return found

    _, _, *readings = at_once(view, view, look, look)
    last = history(reader, secret.id)
    for reading in [one for each in readings for one in each]:
        expect("a reading", expected=last[: len(reading)], came=reading)
    actions = ["create", *["view"] * (2 * WRITES)]
    expect("all of it", expected=actions, came=[action for action, _ in last])
    times = [at for _, at in last]
    expect("in order", expected=sorted(times), came=times)


def history(person: Person, secret_id: UUID) -> list[tuple[str, str]]:
    """What was done to a secret, and when; read in small pages."""
    found: list[tuple[str, str]] = []
    cursor: str | None = None
    while True:
        page = person.keys.audit(secret_id=secret_id, limit=3, cursor=cursor)
        found += [(entry.action, entry.created_at.isoformat()) for entry in page.items]
        cursor = page.next_cursor
        if cursor is None:
            return found


@pytest.mark.parametrize("name", [*LISTS, "audit"])
@pytest.mark.parametrize("asked", [{"limit": 0}, {"limit": 101}, {"cursor": "bm90LWEtY3Vyc29y"}])
def test_each_list_says_what_a_page_can_be(
    reader: Person, name: str, asked: dict[str, Any]
) -> None:
    """1 to 100 on a page, and no cursor but its own: whatever list is asked."""
    if name == "audit":
        reader.keys.audit.refused(422, secret_id=uuid4(), **asked)
        return
    answer = LISTS[name].page(reader, **{"limit": None, "cursor": None, **asked})
    expect("the answer", expected=422, came=answer.status_code)

"""Lists come whole, page by page, also while somebody writes."""

from collections.abc import Callable
from threading import Event
from uuid import UUID

import pytest

from harness.check import expect
from suites.journeys.crew import Crew
from suites.keyarc.answer import Page
from suites.keyarc.person import Person
from suites.keyarc.stored import ListedSecret
from suites.keyarc.waiting import at_once

READ_ROUNDS = 3


def pages(
    person: Person, crew: Crew, limit: int, between: Callable[[], object] = lambda: None
) -> list[list[UUID]]:
    """The team's secrets, page by page; `between` is done after each page."""
    found: list[list[UUID]] = []
    cursor: str | None = None
    while not found or cursor is not None:
        page = person.keys.secrets(team_id=crew.id, limit=limit, cursor=cursor)
        found.append([each.id for each in page.items])
        cursor = page.next_cursor
        between()
    return found


def flat(found: list[list[UUID]]) -> list[UUID]:
    return [id_ for page in found for id_ in page]


@pytest.mark.parametrize("limit", [1, 2, 5, 6])
def test_pages_add_up(crew: Crew, limit: int) -> None:
    """Nothing is missed or repeated, whatever fits on a page; the order is that of creation."""
    expected = [crew.keep(name=f"secret {number}").id for number in range(5)]
    found = pages(crew.owner, crew, limit)
    expect("all of them", expected=expected, came=flat(found))
    expect("none is too long", expected=True, came=all(len(page) <= limit for page in found))


def test_nothing_is_missed_while_somebody_inserts(crew: Crew, admin: Person) -> None:
    """A reader sees all that was there, each once, and what came meanwhile at the end."""
    crew.admit(admin, "admin")
    before = [crew.keep(name=f"before {number}").id for number in range(4)]
    meanwhile: list[UUID] = []
    wanted = iter(range(2))

    def insert() -> None:
        if next(wanted, None) is not None:
            meanwhile.append(crew.keep(by=admin, name="meanwhile").id)

    found = flat(pages(crew.owner, crew, 2, insert))
    expect("what was read", expected=[*before, *meanwhile], came=found)


def test_nothing_is_missed_while_somebody_deletes(crew: Crew) -> None:
    """What has been read can go: the rest is neither missed nor repeated."""
    before = [crew.keep(name=f"before {number}").id for number in range(5)]
    gone = iter(before)
    found = flat(pages(crew.owner, crew, 1, lambda: crew.owner.keys.delete(next(gone))))
    expect("what was read", expected=before, came=found)


def test_a_reader_beside_a_writer_sees_a_beginning(crew: Crew, admin: Person) -> None:
    """However reader and writer meet, each reading is a beginning of what was written."""
    crew.admit(admin, "admin")
    written: list[UUID] = [crew.keep().id]
    ended = Event()

    def write() -> None:
        try:
            written.extend(crew.keep(by=admin, name=f"secret {n}").id for n in range(12))
        finally:
            ended.set()

    def read() -> list[list[UUID]]:
        found = [flat(pages(crew.owner, crew, 2))]
        while not ended.is_set():
            found.append(flat(pages(crew.owner, crew, 2)))
        return found

    _, readings = at_once(write, read)
    for reading in readings or []:
        expect("a reading", expected=written[: len(reading)], came=reading)
    expect("the last reading", expected=written, came=flat(pages(crew.owner, crew, 2)))


def test_filters_hold_over_pages(crew: Crew) -> None:
    """Tags must all match, the environment too, on every page."""
    wanted = [
        crew.keep(tags=["a", "b"], environment="production").id,
        crew.keep(tags=["b", "a", "c"], environment="production").id,
    ]
    crew.keep(tags=["a"], environment="production")
    crew.keep(tags=["a", "b"], environment="staging")

    def page(cursor: str | None) -> Page[ListedSecret]:
        return crew.owner.keys.secrets(
            team_id=crew.id, tags=["a", "b"], environment="production", limit=1, cursor=cursor
        )

    first = page(None)
    second = page(first.next_cursor)
    came = [each.id for each in [*first.items, *second.items]]
    expect("what matches", expected=wanted, came=came)
    expect("there is no third page", expected=None, came=second.next_cursor)


def test_only_cursors_of_this_list_are_taken(crew: Crew) -> None:
    """A cursor that was not made for this list and this caller is refused."""
    for number in range(2):
        crew.keep(name=f"secret {number}")
    keys = crew.owner.keys
    cursor = keys.secrets(team_id=crew.id, limit=1).next_cursor
    expect("there is a next page", expected=True, came=cursor is not None)
    keys.secrets.refused(422, limit=1, cursor=cursor)
    keys.secrets.refused(422, team_id=crew.id, cursor="bm90LWEtY3Vyc29y")


@pytest.mark.parametrize("limit", [0, 101, -1])
def test_a_page_has_1_to_100(owner: Person, limit: int) -> None:
    """A limit beyond that is refused."""
    owner.keys.secrets.refused(422, limit=limit)

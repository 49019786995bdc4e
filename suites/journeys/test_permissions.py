"""The permission matrix: every action, by everybody."""

from collections.abc import Iterator
from uuid import UUID

import httpx
import pytest

from harness.check import expect
from suites.journeys.crew import Crew
from suites.journeys.permissions import ACTIONS, Cell, Named, cells
from suites.journeys.room import Room
from suites.keyarc.account import Account
from suites.keyarc.keys import Keys
from suites.keyarc.person import Person
from suites.keyarc.problem import read_problem
from suites.keyarc.team import Role
from suites.keyarc.visit import Visit

ALLOWED = [cell for cell in cells() if cell.may]
TOO_LOW = [cell for cell in cells() if not cell.may and cell.who != "other"]
OUTSIDE = [cell for cell in cells() if not cell.may and cell.who == "other"]
ROLES: dict[str, Role] = {"admin": "admin", "member": "member"}
NOBODY = UUID(int=0, version=4)


@pytest.fixture(scope="session")
def people(owner: Person, admin: Person, member: Person, other: Person) -> dict[str, Person]:
    return {"owner": owner, "admin": admin, "member": member, "other": other}


@pytest.fixture(scope="session")
def rooms() -> list[Room]:
    """One that stands since nothing has changed it, if there is one."""
    return []


@pytest.fixture
def room(
    cell: Cell, people: dict[str, Person], newcomer: Person, rooms: list[Room]
) -> Iterator[Room]:
    """A room that is ready for the cell: the one that stands, unless it will be changed."""
    is_changed = cell.may and ACTIONS[cell.does].writes
    if is_changed or not rooms:
        room = Room.furnished(Crew.founded(people["owner"]), newcomer)
    else:
        room = rooms.pop()
    room.let_in(newcomer, ACTIONS[cell.does].somebody)
    if cell.who in ROLES:
        room.let_in(people[cell.who], ROLES[cell.who])
    yield room
    if cell.may:
        room.forget()
    if room.is_untouched and not is_changed:
        rooms.append(room)
    else:
        room.crew.disband()


@pytest.mark.parametrize("cell", ALLOWED, ids=str)
def test_allowed(people: dict[str, Person], room: Room, cell: Cell) -> None:
    """What the contract's table says yes to can be done."""
    person = people[cell.who]
    answer = ACTIONS[cell.does].ask(person.account, person.keys, room.named(person.id))
    expect(str(cell), expected="2xx", came=f"{answer.status_code // 100}xx")


@pytest.mark.parametrize("cell", TOO_LOW, ids=str)
def test_role_too_low(people: dict[str, Person], room: Room, cell: Cell) -> None:
    """What a member's role does not allow is refused with 403, and not done."""
    person = people[cell.who]
    with room.untouched():
        answer = ACTIONS[cell.does].ask(person.account, person.keys, room.named(person.id))
        expect(str(cell), expected=403, came=answer.status_code)
        read_problem(answer, 403)


@pytest.mark.parametrize("cell", OUTSIDE, ids=str)
def test_not_a_member(people: dict[str, Person], room: Room, cell: Cell) -> None:
    """To who is no member, a team and what is in it are as if they did not exist."""
    person, ask = people[cell.who], ACTIONS[cell.does].ask
    named = room.named(person.id)
    with room.untouched():
        answer = ask(person.account, person.keys, named)
        expect(str(cell), expected=404, came=answer.status_code)
        unknown = ask(person.account, person.keys, named.unknown())
        came = without_request_id(answer)
        expect("the answer for an unknown id", expected=without_request_id(unknown), came=came)


@pytest.mark.read_only
@pytest.mark.parametrize("does", ACTIONS)
def test_nobody(visit: Visit, does: str) -> None:
    """Without a token nothing is shown or done, in the same words everywhere."""
    gateway = visit.clients["gateway"]
    named = Named(NOBODY, NOBODY, NOBODY, '"1"', NOBODY, NOBODY)
    answer = ACTIONS[does].ask(Account(gateway), Keys(gateway), named)
    expect(f"nobody may not {does}", expected=401, came=answer.status_code)
    profile = Account(gateway).profile.answer()
    expect("the answer", expected=without_request_id(profile), came=without_request_id(answer))


def without_request_id(answer: httpx.Response) -> tuple[int, list[str], bytes]:
    """An error as it is, byte for byte, but for which request it was."""
    problem = read_problem(answer, answer.status_code)
    body = answer.content.replace(problem.request_id.encode(), b"")
    return answer.status_code, sorted(set(answer.headers)), body

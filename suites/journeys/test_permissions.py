"""The permission matrix: every action, by everybody."""

from collections.abc import Iterable, Iterator
from contextlib import ExitStack, nullcontext
from uuid import UUID

import httpx
import pytest

from harness.check import expect
from suites.journeys import permissions
from suites.journeys.actions import ACTIONS, Named
from suites.journeys.callers import token_of, without_request_id
from suites.journeys.crew import Crew
from suites.journeys.observations import observe_cell
from suites.journeys.permissions import DELETED, FORGING_NOBODY, FORGING_OTHER, Cell
from suites.journeys.room import Place, Room, belongings
from suites.keyarc.account import Account
from suites.keyarc.forgery import naming
from suites.keyarc.keys import Keys
from suites.keyarc.person import Person, present
from suites.keyarc.problem import read_problem
from suites.keyarc.team import Role
from suites.keyarc.visit import Visit

BY_ROLE = permissions.by_role()
ALLOWED = [cell for cell in BY_ROLE if cell.may]
TOO_LOW = [cell for cell in BY_ROLE if not cell.may and cell.who != "other"]
OUTSIDE = [cell for cell in BY_ROLE if not cell.may and cell.who == "other"]
ROLES: dict[str, Role] = {"admin": "admin", "member": "member"}
ID = UUID(int=0, version=4)
NAMELESS = Named(ID, ID, ID, '"1"', ID, ID, "nobody@keyarc-verify.test", "nobody's")


def each(cells: Iterable[Cell]) -> list[object]:
    """A test for each cell, which needs what trying it takes."""
    needs = pytest.mark.needs
    return [
        pytest.param(cell, id=str(cell), marks=[needs(cell.need)] if cell.need else [])
        for cell in cells
    ]


@pytest.fixture(scope="session")
def people(owner: Person, admin: Person, member: Person, other: Person) -> dict[str, Person]:
    return {"owner": owner, "admin": admin, "member": member, "other": other}


@pytest.fixture(scope="session")
def loner(visit: Visit) -> Iterator[Person]:
    """Whose own things are; nobody else changes anything of theirs."""
    with present(visit, quick=True) as person:
        yield person


@pytest.fixture(scope="session")
def gone(visit: Visit) -> Person:
    """Somebody who has been deleted, whose token has not expired."""
    with present(visit, quick=True) as person:
        return person


@pytest.fixture(scope="session")
def refusal(visit: Visit) -> httpx.Response:
    """How nobody is refused."""
    return Account(visit.clients["gateway"]).profile.answer()


@pytest.fixture(scope="session")
def places() -> dict[bool, Place]:
    """By whether it is a team's: one that stands since nothing has changed it, if there is one."""
    return {}


@pytest.fixture
def place(
    cell: Cell,
    people: dict[str, Person],
    loner: Person,
    newcomer: Person,
    places: dict[bool, Place],
) -> Iterator[Place]:
    """A place that is ready for the cell: the one that stands, unless it will be changed."""
    action = ACTIONS[cell.does]
    is_changed = cell.may and action.changes is not None and cell.who != FORGING_OTHER
    place = None if is_changed else places.pop(action.in_team, None)
    if place is None and action.in_team:
        place = Room.furnished(Crew.founded(people["owner"]), newcomer)
    elif place is None:
        place = belongings(loner, newcomer)
    place.let_in(newcomer, action.somebody)
    if cell.who in ROLES:
        place.let_in(people[cell.who], ROLES[cell.who])
    yield place
    if is_changed and not action.in_team and action.in_team in places:
        places[action.in_team].forget()
    if cell.may:
        place.forget()
    if place.is_untouched and not is_changed and action.in_team not in places:
        places[action.in_team] = place
    else:
        place.clear()


@pytest.fixture
def caller(cell: Cell, visit: Visit, people: dict[str, Person], place: Place) -> Iterator[Person]:
    """Who asks. Who deletes themselves is nobody that another test needs."""
    with ExitStack() as stack:
        if cell.may and cell.does == "delete profile":
            person = stack.enter_context(present(visit, quick=True))
            yield person
            person.has_left()
        else:
            yield place.owner if cell.who == "owner" else people[cell.who.split()[0]]


@pytest.mark.parametrize("cell", each(ALLOWED))
def test_allowed(caller: Person, place: Place, cell: Cell) -> None:
    """What the contract's table says yes to can be done."""
    answer = ACTIONS[cell.does].ask(caller.account, caller.keys, place.named(caller.id))
    expect(str(cell), expected="2xx", came=f"{answer.status_code // 100}xx")
    observe_cell(cell.who, cell.does)


@pytest.mark.parametrize("cell", each(TOO_LOW))
def test_role_too_low(caller: Person, place: Place, cell: Cell) -> None:
    """What a member's role does not allow is refused with 403, and not done."""
    with place.untouched(*ACTIONS[cell.does].traces):
        answer = ACTIONS[cell.does].ask(caller.account, caller.keys, place.named(caller.id))
        expect(str(cell), expected=403, came=answer.status_code)
        read_problem(answer, 403)
    observe_cell(cell.who, cell.does)


@pytest.mark.parametrize("cell", each(OUTSIDE))
def test_not_a_member(caller: Person, place: Place, cell: Cell) -> None:
    """To everybody else, a team or a user's own things are as if they did not exist."""
    ask, named = ACTIONS[cell.does].ask, place.named(caller.id)
    with place.untouched(*ACTIONS[cell.does].traces):
        answer = ask(caller.account, caller.keys, named)
        expect(str(cell), expected=404, came=answer.status_code)
        unknown = ask(caller.account, caller.keys, named.unknown())
        came = without_request_id(answer)
        expect("the answer for an unknown id", expected=without_request_id(unknown), came=came)
    observe_cell(cell.who, cell.does)


@pytest.mark.parametrize("cell", each(permissions.by_forging_other()))
def test_forged_headers(visit: Visit, caller: Person, place: Place, cell: Cell) -> None:
    """Headers that name another user change nothing: who sends them is who their token says."""
    gateway, action, named = visit.clients["gateway"], ACTIONS[cell.does], place.named(caller.id)
    headers = naming(place.owner.id, place.owner.identity.email)
    account = Account(gateway, caller.token, claims=headers)
    keys = Keys(gateway, caller.token, claims=headers)
    with place.untouched(*action.traces):
        answer = action.ask(account, keys, named)
        if not cell.may:
            expect(str(cell), expected=404, came=answer.status_code)
            unknown = action.ask(caller.account, caller.keys, named.unknown())
            expected, came = without_request_id(unknown), without_request_id(answer)
            expect("the answer for an unknown id", expected=expected, came=came)
        elif action.changes is not None:
            expect(str(cell), expected="2xx", came=f"{answer.status_code // 100}xx")
        else:
            without = action.ask(caller.account, caller.keys, named)
            expect("the answer without them", expected=without.content, came=answer.content)
    observe_cell(cell.who, cell.does)


@pytest.mark.read_only
@pytest.mark.parametrize("cell", each(permissions.by_nobody()))
def test_nobody(visit: Visit, refusal: httpx.Response, cell: Cell) -> None:
    """Without a token nothing is shown or done, in the same words everywhere."""
    gateway = visit.clients["gateway"]
    answer = ACTIONS[cell.does].ask(Account(gateway), Keys(gateway), NAMELESS)
    expect(str(cell), expected=401, came=answer.status_code)
    expect("the answer", expected=without_request_id(refusal), came=without_request_id(answer))
    observe_cell(cell.who, cell.does)


@pytest.mark.parametrize("cell", each(permissions.by_uninvited()))
def test_uninvited(
    visit: Visit, place: Place, gone: Person, refusal: httpx.Response, cell: Cell
) -> None:
    """Who has no valid token is nobody: the same words everywhere, and nothing is changed."""
    gateway, owner = visit.clients["gateway"], place.owner
    headers = naming(owner.id, owner.identity.email) if cell.who == FORGING_NOBODY else {}
    token = token_of(cell, owner, gone)
    account, keys = Account(gateway, token, claims=headers), Keys(gateway, token, claims=headers)
    # In words of its own: until then a deleted user's token was a valid one.
    told = account.profile.answer() if cell.who == DELETED else refusal
    action = ACTIONS[cell.does]
    with place.untouched(*action.traces[:1]) if action.changes else nullcontext():
        answer = action.ask(account, keys, place.named(owner.id))
        expect(str(cell), expected=401, came=answer.status_code)
        expect("the answer", expected=without_request_id(told), came=without_request_id(answer))
    observe_cell(cell.who, cell.does)

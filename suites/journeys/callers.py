"""Tokens to ask with, and what becomes of those who do."""

import httpx

from harness.check import expect
from suites.journeys.permissions import DELETED, Cell
from suites.keyarc.account import Account
from suites.keyarc.auth import Auth
from suites.keyarc.forgery import FORGERIES, KEY
from suites.keyarc.keys import Keys
from suites.keyarc.person import Person
from suites.keyarc.problem import Problem, read_problem
from suites.keyarc.visit import Visit

_FORGERIES = {forgery.name: forgery for forgery in FORGERIES}


def signing_key(visit: Visit) -> str:
    """What the services sign tokens with; for tests that need it."""
    return visit.environment.insight.secrets[KEY.partition(":")[2]].get_secret_value()


def token_of(cell: Cell, owner: Person, gone: Person) -> str | None:
    """What an uninvited caller shows; the owner would be let in with the true one."""
    if cell.who == DELETED:
        return gone.token
    forgery = _FORGERIES.get(cell.who)
    if forgery is None:
        return None
    token = forgery.make(owner.token, signing_key(owner.visit) if forgery.need else "")
    owner.visit.secrets.register(token)
    return token


def refused_everywhere(visit: Visit, token: str) -> list[Problem]:
    """Each service that takes tokens refuses this one. Gives what they say."""
    visit.secrets.register(token)
    gateway = visit.clients["gateway"]
    return [
        Account(gateway, token).profile.refused(401),
        Keys(gateway, token).secrets.refused(401),
        Auth(visit.clients["auth"], token).refresh.refused(401),
    ]


def taken_everywhere(person: Person) -> None:
    """Each service that takes tokens takes theirs."""
    profile = person.account.profile()
    expect("whose it is", expected=person.id, came=profile.user_id)
    person.keys.secrets()
    person.auth.refresh()


def without_request_id(answer: httpx.Response) -> tuple[int, list[str], bytes]:
    """An error as it is, byte for byte, but for which request it was."""
    problem = read_problem(answer, answer.status_code)
    body = answer.content.replace(problem.request_id.encode(), b"")
    return answer.status_code, sorted(set(answer.headers)), body

"""Bad input gets the answer that is documented for it, call by call."""

import json
from collections.abc import Callable
from functools import partial
from uuid import UUID, uuid4

import httpx
import pytest

from harness.check import expect
from harness.errors import NoData
from suites.journeys.crew import Crew
from suites.keyarc.contract import OTHER, Answer, answers
from suites.keyarc.cryptography import blob
from suites.keyarc.person import Person
from suites.keyarc.problem import Problem, read_problem
from suites.keyarc.stored import NewFolder
from suites.keyarc.visit import Visit
from suites.keyarc.waiting import at_once

MAX_BODY_BYTES = 256 * 1024
AT_ONCE, MOST_ROUNDS = 8, 20
Ask = Callable[..., httpx.Response]

SECRET: dict[str, object] = {"name": "s", "encrypted_value": blob(40), "type": "other"}
TEAM_KEY = blob(228)
MEMBER: dict[str, object] = {"role": "member", "encrypted_team_key": TEAM_KEY}
# A query that is as it should be, but for what it asks for, which nobody has.
UNKNOWN: dict[str, Callable[[], dict[str, str]]] = {
    "/account/users/search": lambda: {"email": f"{uuid4()}@keyarc-verify.test"},
    "/keys/audit": lambda: {"secret_id": str(uuid4())},
    "/keys/secrets": lambda: {"team_id": str(uuid4())},
    "/keys/folders": lambda: {"team_id": str(uuid4())},
}
# A query that no list takes; else a page of nothing.
WRONG = {"/account/users/search": {"email": "no address"}, "/keys/audit": {"secret_id": "no id"}}
# Bodies that are right, about what nobody has.
BODIES: dict[tuple[str, str], Callable[[], dict[str, object]]] = {
    ("PUT", "/account/teams/{team_id}"): lambda: {"name": "renamed"},
    ("POST", "/account/teams/{team_id}/members"): lambda: {**MEMBER, "user_id": str(uuid4())},
    ("PUT", "/account/teams/{team_id}/members/{user_id}"): lambda: {"role": "admin"},
    ("POST", "/keys/secrets"): lambda: {**SECRET, "owner_type": "team", "owner_id": str(uuid4())},
    ("PUT", "/keys/secrets/{secret_id}"): lambda: SECRET,
    ("POST", "/keys/folders"): lambda: {
        "name": "f",
        "owner_type": "team",
        "owner_id": str(uuid4()),
    },
    ("PUT", "/keys/folders/{folder_id}"): lambda: {"name": "f"},
}


def promised(status: int) -> list[object]:
    """A test for each call that can get this answer."""
    return [pytest.param(each, id=str(each)) for each in answers() if each.status == status]


def filled(path: str, with_: object = None) -> str:
    """A path of the contract with an id that nobody has, or with what is no id at all."""
    parts = path.split("/")
    return "/".join(str(with_ or uuid4()) if part.startswith("{") else part for part in parts)


@pytest.fixture
def ask(visit: Visit, owner: Person) -> Ask:
    """Asks as somebody who is logged in."""

    def ask(of: Answer, path: str, *, method: str | None = None, **parts: object) -> httpx.Response:
        headers = {"Authorization": f"Bearer {owner.token}", "If-Match": '"1"'}
        sent = visit.clients[of.service].request
        return sent(method or of.method, path, headers=headers, **parts)  # type: ignore[arg-type]  # its parts

    return ask


def refused(response: httpx.Response, status: int) -> Problem:
    """Raises ContractViolation: it is no such refusal."""
    called = f"{response.request.method} {response.request.url.path}"
    expect(called, expected=status, came=response.status_code)
    return read_problem(response, status)


@pytest.mark.parametrize("answer", promised(422))
def test_what_is_not_valid_is_422(ask: Ask, answer: Answer) -> None:
    """What is missing or malformed is named, and what was sent is not repeated."""
    if answer.method in ("POST", "PUT"):
        marked = {"no such member": "a value that is not to come back"}
        response = ask(answer, filled(answer.path), json=marked)
    elif "{" in answer.path:
        response = ask(answer, filled(answer.path, "a-value-that-is-no-id"))
    else:
        response = ask(answer, answer.path, params=WRONG.get(answer.path, {"limit": "0"}))
    problem = refused(response, 422)
    expect("what is wrong is named", expected=True, came=bool(problem.errors))
    for sent in ("not to come back", "a-value-that-is-no-id", "no address", "no id"):
        expect("what was sent", expected=False, came=f'"{sent}"' in response.text)


@pytest.mark.parametrize("answer", promised(413))
def test_a_body_too_long_is_413(ask: Ask, answer: Answer) -> None:
    """A body over 256 KiB is refused, whatever it says."""
    long = json.dumps({"name": "x" * MAX_BODY_BYTES}).encode()
    refused(ask(answer, filled(answer.path), content=long), 413)


@pytest.mark.parametrize("answer", promised(404))
def test_what_nobody_has_is_404(ask: Ask, answer: Answer) -> None:
    """What does not exist is not found, in words that do not repeat its id."""
    body = BODIES.get((answer.method, answer.path))
    query = UNKNOWN.get(answer.path) if answer.method == "GET" else None
    path, params = filled(answer.path), query() if query else {}
    response = ask(answer, path, params=params, json=body() if body else None)
    refused(response, 404)
    for id_ in (*path.split("/"), *params.values()):
        is_told = len(id_) == len(str(UUID(int=0))) and id_ in response.text
        expect("the id is repeated", expected=False, came=is_told)


@pytest.mark.parametrize("answer", promised(400))
@pytest.mark.parametrize("value", ["", "not base64!", "AAAA", blob(64 * 1024)], ids=len)
def test_no_ciphertext_is_400(ask: Ask, crew: Crew, answer: Answer, value: str) -> None:
    """What cannot be a ciphertext is told as such: no base64, too short, or too long."""
    path = answer.path.format(secret_id=crew.keep().id)
    refused(ask(answer, path, json={**SECRET, "encrypted_value": value}), 400)


@pytest.mark.read_only
@pytest.mark.parametrize("answer", promised(405))
def test_an_unknown_method_is_405(visit: Visit, answer: Answer) -> None:
    """Another method is refused, and `Allow` names those that there are."""
    methods = {each.method for each in answers() if each.path == answer.path} - {OTHER}
    ask = visit.clients[answer.service].request
    response = ask("PATCH", filled(answer.path))
    refused(response, 405)
    allowed = {method.strip() for method in response.headers.get("allow", "").split(",")}
    expect("Allow", expected=methods, came=allowed - {"HEAD", "OPTIONS"})


@pytest.mark.parametrize("answer", promised(405))
def test_another_known_method_is_405(ask: Ask, answer: Answer) -> None:
    """A method that only other paths have is refused as an unknown one is."""
    known = {each.method for each in answers() if each.path == answer.path}
    for method in sorted({"GET", "POST", "PUT", "DELETE"} - known):
        refused(ask(answer, filled(answer.path), method=method), 405)


@pytest.mark.read_only
@pytest.mark.parametrize("service", ["auth", "gateway", "frontend"])
def test_who_is_well_says_so(visit: Visit, service: str) -> None:
    """Each public service that works is healthy, and alive."""
    for path in ("/health", "/health/live"):
        response = visit.clients[service].get(path)
        told = (response.status_code, response.json()["status"])
        expect(path, expected=(200, "pass"), came=told)


@pytest.mark.read_only
def test_the_frontend_is_told_where_the_services_are(visit: Visit) -> None:
    """`/config.json` leads a browser to auth and to the gateway."""
    response = visit.clients["frontend"].get("/config.json")
    expect("status", expected=200, came=response.status_code)
    wanted = {"AUTH_URL", "API_URL"}
    expect("members", expected=wanted, came=wanted & set(response.json()))


def creations(crew: Crew, newcomer: Person) -> dict[str, Callable[[str], httpx.Response]]:
    """What is made by a `POST`, each by its `Idempotency-Key`."""
    account, keys, name = crew.owner.account, crew.owner.keys, crew.owner.visit.named("in flight")
    draft = crew.draft(name=name)
    folder = NewFolder(name=name, owner_type="team", owner_id=crew.id)
    return {
        "team": lambda key: account.create_team.answer(
            name=name, encrypted_team_key=TEAM_KEY, idempotency_key=key
        ),
        "member": lambda key: account.add_member.answer(
            crew.id,
            user=newcomer.id,
            role="member",
            encrypted_team_key=TEAM_KEY,
            idempotency_key=key,
        ),
        "secret": lambda key: keys.create.answer(draft, idempotency_key=key),
        "folder": lambda key: keys.create_folder.answer(folder, idempotency_key=key),
    }


# From afar, or at a rate that is kept, two requests hardly ever meet.
@pytest.mark.needs("stack")
@pytest.mark.parametrize("what", ["team", "member", "secret", "folder"])
def test_a_request_in_flight_is_409(crew: Crew, newcomer: Person, what: str) -> None:
    """While a request with an `Idempotency-Key` is in flight, the same one is told to wait."""
    create = creations(crew, newcomer)[what]
    for _ in range(MOST_ROUNDS):
        came = at_once(*[partial(create, str(uuid4()))] * AT_ONCE)
        statuses = {each.status_code for each in came}
        expect("other statuses", expected=set(), came=statuses - {201, 409})
        made = next(each for each in came if each.status_code == 201).json()
        if what == "team":
            crew.owner.account.delete_team(UUID(made["team_id"]))
        elif what == "member":
            crew.owner.account.remove_member(crew.id, newcomer.id)
        early = [each for each in came if each.status_code == 409]
        if early:
            read_problem(early[0], 409)
            return
    raise NoData(f"in {MOST_ROUNDS} rounds no request met another one in flight")

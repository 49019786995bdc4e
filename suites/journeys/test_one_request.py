"""One request, in every service that takes part in it: its id, its user, and what is logged."""

import json
import time
from collections.abc import Mapping
from pathlib import Path
from uuid import UUID

import httpx
import pytest

from harness.check import expect, step
from suites.journeys.crew import Crew, kept, secret
from suites.journeys.refusals import refused
from suites.keyarc.person import Person, present
from suites.keyarc.visit import Visit

WRITTEN_WITHIN_S = 2.0
PLAINTEXT = b"sk_live_what nobody but its owner reads"

NEEDS_LOGS = pytest.mark.needs("logs")

HOSTILE = {
    "somebody else's": "0f8fad5b-d9cb-469f-a165-70867728950e",
    "markup": "<script>alert(1)</script>",
    "a line of a log": '","level":"ERROR","message":"forged',
    "very long": "x" * 4000,
}


@NEEDS_LOGS
@pytest.mark.parametrize(
    ("path", "service"),
    [("/account/profile", "account"), ("/keys/secrets", "keys"), ("/account/teams/x", "account")],
)
def test_one_id_is_in_the_logs_of_all_who_took_part(
    visit: Visit, owner: Person, path: str, service: str
) -> None:
    """The id that an answer carries is that of the request in the log of the gateway, and of the
    service behind; an error names it too."""
    answer = _asked(visit, owner, path)
    request_id = answer.headers["x-request-id"]
    if answer.status_code >= 400:
        expect("the id of the problem", expected=request_id, came=refused(answer, 422).request_id)
    for name in ("gateway", service):
        with step(f"the log of {name}"):
            lines = _awaited(visit, name, request_id)
            told = [(line["method"], line["status"]) for line in lines]
            expect("requests of this id", expected=[("GET", answer.status_code)], came=told)
            # The gateway's has the prefix under which it was called.
            expect("its path", expected=True, came=str(lines[0]["path"]).endswith(path))


@NEEDS_LOGS
@pytest.mark.parametrize("claimed", HOSTILE.values(), ids=HOSTILE)
def test_an_id_that_a_client_claims_is_nobodys(visit: Visit, owner: Person, claimed: str) -> None:
    """A client does not choose the id of its request, and writes nothing into a log by trying."""
    headers = {"X-Request-ID": claimed, "X_Request_ID": claimed}
    answer = _asked(visit, owner, "/keys/secrets", headers)
    request_id = answer.headers["x-request-id"]
    expect("status", expected=200, came=answer.status_code)
    expect("an id of the gateway's own", expected=request_id, came=str(UUID(request_id)))
    expect("the id that was claimed is taken", expected=False, came=request_id == claimed)
    for name in ("gateway", "keys"):
        _awaited(visit, name, request_id)
    expect("who has written it", expected=[], came=_where(visit, claimed))


@NEEDS_LOGS
def test_logs_hold_nothing_that_is_secret(visit: Visit, owner: Person, crew: Crew) -> None:
    """No log of any service holds a token, an auth hash, a password, a key or a ciphertext, nor
    what is encrypted in it; not when a request is refused either."""
    draft = secret(crew.key, PLAINTEXT, name="planted")
    mine = kept(owner, PLAINTEXT)
    owner.keys.create.answer(draft.model_copy(update={"type": "none"}))
    last = _asked(visit, owner, f"/keys/secrets/{mine.id}")
    stored = last.json()["encrypted_value"]
    owner.auth.login.answer(email=owner.identity.email, auth_hash=owner.identity.auth_hash())
    _awaited(visit, "gateway", last.headers["x-request-id"])
    planted = {
        "the token": owner.token,
        "the auth hash": owner.identity.auth_hash(),
        "the password": owner.identity.password,
        "a ciphertext": stored,
        "a refused ciphertext": draft.encrypted_value,
        "a plaintext": PLAINTEXT.decode(),
    }
    for what, text in planted.items():
        expect(f"who has written {what}", expected=[], came=_where(visit, text))


def test_a_change_in_one_service_counts_in_the_others_at_once(
    owner: Person, newcomer: Person, crew: Crew
) -> None:
    """What account changes, keys goes by with the next request: who is in a team and as what, and
    that a team is gone."""
    draft, kept_secret = crew.draft(), crew.keep()
    newcomer.keys.secret.refused(404, kept_secret.id)
    crew.admit(newcomer, "member")
    newcomer.keys.secret(kept_secret.id)
    newcomer.keys.create.refused(403, draft)
    owner.account.change_role(crew.id, newcomer.id, role="admin")
    newcomer.keys.create(draft)
    owner.account.change_role(crew.id, newcomer.id, role="member")
    newcomer.keys.create.refused(403, draft)
    owner.account.remove_member(crew.id, newcomer.id)
    newcomer.keys.secret.refused(404, kept_secret.id)
    owner.account.delete_team(crew.id)
    owner.keys.secret.refused(404, kept_secret.id)


def test_a_user_who_is_deleted_is_nobody_to_any_service(visit: Visit) -> None:
    """Whom account deletes, auth lets in no more, and keys does not know; their token, which is
    still good by itself, helps nowhere."""
    with present(visit) as person:
        auth_hash, email = person.identity.auth_hash(), person.identity.email
        person.leave()
        person.account.profile.refused(401)
        person.keys.secrets.refused(401)
        person.auth.refresh.refused(401)
        person.auth.login.refused(401, email=email, auth_hash=auth_hash)


def _asked(
    visit: Visit, person: Person, path: str, headers: Mapping[str, str] | None = None
) -> httpx.Response:
    told = {"Authorization": f"Bearer {person.token}", **(headers or {})}
    return visit.clients["gateway"].get(path, headers=told)


def _files(visit: Visit, service: str = "*") -> list[Path]:
    """The logs of a service's instances; of all services, unless one is named."""
    folder = Path(visit.environment.insight.logs or "")
    files = [*folder.glob(f"{service}.log"), *folder.glob(f"{service}-[0-9].log")]
    expect("there are logs", expected=True, came=bool(files))
    return files


def _lines(visit: Visit, service: str, request_id: str) -> list[dict[str, object]]:
    """What a service has logged of the request itself; every line has to be JSON."""
    texts = [file.read_text(encoding="utf-8") for file in _files(visit, service)]
    # What is being written right now has no end yet.
    whole = [line for text in texts for line in text.rpartition("\n")[0].splitlines()]
    named = [json.loads(line) for line in whole if request_id in line]
    return [line for line in named if line["request_id"] == request_id and "method" in line]


def _awaited(visit: Visit, service: str, request_id: str) -> list[dict[str, object]]:
    """The lines of a request, which is logged when its answer has gone."""
    until_s = time.monotonic() + WRITTEN_WITHIN_S
    while not (lines := _lines(visit, service, request_id)):
        expect("the request is logged", expected=True, came=time.monotonic() < until_s)
        time.sleep(0.01)
    return lines


def _where(visit: Visit, text: str) -> list[str]:
    """The logs that hold a text, as it is or as JSON has it."""
    forms = {text, json.dumps(text)[1:-1]}
    return [
        file.name
        for file in _files(visit)
        if any(form in file.read_text(encoding="utf-8", errors="replace") for form in forms)
    ]

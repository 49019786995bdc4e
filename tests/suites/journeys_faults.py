"""Ways in which KeyArc can be wrong that only a journey sees; many remember what went before."""

import json
from collections.abc import Callable

import jwt
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Message

from tests.planting import Defect, Forward, Tree, answered, body
from tests.planting import with_headers as asking
from tests.suites.defects.remembering import Memory, remembering, secret_of
from tests.suites.system import JWT_SECRET

TEAMS = "/account/teams"


def sending(**changes: str | None) -> Defect:
    """The service is asked with other headers."""

    async def defect(request: Request, forward: Forward) -> Response:
        return await forward(asking(request, **changes))

    return defect


def where_answered(code: int, answer: Defect) -> Defect:
    """The defect shows where the answer would be this one."""

    async def defect(request: Request, forward: Forward) -> Response:
        came = await forward(request)

        async def again(_request: Request) -> Response:
            return came

        return await answer(request, again) if came.status_code == code else came

    return defect


def once(answer: Defect) -> Defect:
    """It shows at the first request, and never again."""
    left = [answer]

    async def defect(request: Request, forward: Forward) -> Response:
        return await (left.pop()(request, forward) if left else forward(request))

    return defect


def as_founder() -> Defect:
    """Whoever asks about a team is taken for the one who founded it."""
    founders: dict[str, str] = {}

    async def defect(request: Request, forward: Forward) -> Response:
        team = request.url.path.removeprefix(f"{TEAMS}/").partition("/")[0]
        if team in founders and request.method == "PUT":
            request = asking(request, authorization=founders[team])
        answer = await forward(request)
        if (request.method, request.url.path, answer.status_code) == ("POST", TEAMS, 201):
            team = json.loads(bytes(answer.body))["team_id"]
            founders[team] = request.headers["authorization"]
        return answer

    return defect


async def _done(memory: Memory, request: Request, forward: Forward) -> Response:
    answer = await forward(request)
    if request.method == "DELETE" and answer.status_code == 403:
        # Whoever reads a body twice waits for ever.
        again = asking(request, authorization=memory.owners[secret_of(request)]).scope
        await forward(Request(again, _no_body))
    return answer


async def _no_body() -> Message:
    return {"type": "http.request", "body": b"", "more_body": False}


done_all_the_same = remembering(_done)


def one_key_for_all() -> Defect:
    """Every member gets the team key as the first who asked for it."""
    copies: dict[str, str] = {}

    async def defect(request: Request, forward: Forward) -> Response:
        answer = await forward(request)
        if answer.status_code != 200 or request.method != "GET":
            return answer
        tree = json.loads(bytes(answer.body))
        if "encrypted_team_key" not in tree:
            return answer
        own = tree["encrypted_team_key"]
        return answered(answer, {**tree, "encrypted_team_key": copies.setdefault("", own)})

    return defect


def still_read() -> Defect:
    """Who has read a secret once goes on reading it."""
    seen: dict[tuple[str, str], Response] = {}

    async def defect(request: Request, forward: Forward) -> Response:
        key = request.headers["authorization"], request.url.path
        answer = await forward(request)
        if answer.status_code == 200:
            seen[key] = answer
        return seen.get(key, answer)

    return defect


def repeated() -> Defect:
    """Each page begins with what the page before ended with."""
    last: dict[str, object] = {}

    async def defect(request: Request, forward: Forward) -> Response:
        answer = await forward(request)
        if answer.status_code != 200:
            return answer
        tree = json.loads(bytes(answer.body))
        before = last.get(request.query_params.get("cursor", ""))
        if tree["next_cursor"]:
            last[tree["next_cursor"]] = tree["items"][-1]
        return answered(answer, {**tree, "items": [*([before] if before else []), *tree["items"]]})

    return defect


def made_younger() -> Defect:
    """A renewed token says that its login was later."""

    async def defect(request: Request, forward: Forward) -> Response:
        answer = await forward(request)
        tree = json.loads(bytes(answer.body))
        claims = jwt.decode(tree["access_token"], options={"verify_signature": False})
        token = jwt.encode({**claims, "auth_time": claims["auth_time"] + 60}, JWT_SECRET)
        return answered(answer, {**tree, "access_token": token})

    return defect


def items(change: Callable[[list[Tree]], list[Tree]]) -> Defect:
    """The items of a page are others."""

    def changed(tree: Tree) -> None:
        found = tree.get("items")
        if isinstance(found, list):
            tree["items"] = change(found)

    return body(changed)


def later(found: list[Tree]) -> list[Tree]:
    """Each expires a day later than it does."""
    return [{**it, "days_until_expiry": int(str(it["days_until_expiry"])) + 1} for it in found]

"""Ways in which what is kept can be wrong: moments, versions, repeats, places."""

import json
from datetime import datetime, timedelta

from starlette.requests import Request
from starlette.responses import Response

from suites.keyarc.cryptography import blob
from tests.planting import Defect, Forward, Tree, answered
from tests.planting import with_headers as asking

SOMEBODY = "00000000-0000-4000-8000-000000000000"


def never_due(found: list[Tree]) -> list[Tree]:
    return [{**it, "reminder_due": False} for it in found]


def nobody_named(found: list[Tree]) -> list[Tree]:
    """Who has gone is somebody all the same."""
    return [{**it, "actor_id": it["actor_id"] or SOMEBODY} for it in found]


def at_the_root(found: list[Tree]) -> list[Tree]:
    return [{**it, "parent_folder_id": None} for it in found]


def an_hour_off(tree: Tree) -> None:
    """As where an offset was read with the wrong sign."""
    moment = datetime.fromisoformat(str(tree["expires_at"]))
    tree["expires_at"] = (moment + timedelta(hours=1)).isoformat()


def of_another_key(tree: Tree) -> None:
    if "encrypted_team_key" in tree:
        tree["encrypted_team_key"] = blob(228)


async def strong_where_weak(request: Request, forward: Forward) -> Response:
    """A weak tag is compared as if it were a strong one."""
    said = request.headers.get("if-match", "")
    return await forward(asking(request, if_match=said.replace("W/", "")))


def answered_otherwise() -> Defect:
    """Who asks again with the same key is answered 200."""
    seen: set[str] = set()

    async def defect(request: Request, forward: Forward) -> Response:
        answer = await forward(request)
        key = request.headers.get("idempotency-key", "")
        if answer.status_code == 201 and key in seen:
            answer.status_code = 200
        seen.add(key)
        return answer

    return defect


def one_key_for_all_paths() -> Defect:
    """A key brings its first answer, whatever is asked with it."""
    first: dict[str, Response] = {}

    async def defect(request: Request, forward: Forward) -> Response:
        key = request.headers.get("idempotency-key")
        if key is None:
            return await forward(request)
        if key not in first:
            first[key] = await forward(request)
        return first[key]

    return defect


async def any_key(request: Request, forward: Forward) -> Response:
    """A key that is too long is taken for none."""
    if len(request.headers.get("idempotency-key", "")) > 128:
        request = asking(request, idempotency_key=None)
    return await forward(request)


def the_first_value() -> Defect:
    """Whatever a secret is changed to, it is read as it was kept first."""
    values: dict[str, str] = {}

    async def defect(request: Request, forward: Forward) -> Response:
        answer = await forward(request)
        id_ = request.url.path.rpartition("/")[2]
        if (request.method, answer.status_code) == ("POST", 201):
            made = json.loads(bytes(answer.body))
            if "type" in made:
                values[made["id"]] = json.loads(await request.body())["encrypted_value"]
        elif request.method == "GET" and id_ in values:
            tree = json.loads(bytes(answer.body))
            return answered(answer, {**tree, "encrypted_value": values[id_]})
        return answer

    return defect

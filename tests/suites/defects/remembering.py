"""Defects that need to know which secrets there are: they remember those that pass."""

import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Message

from tests.planting import Defect, Forward, Tree, answered, with_headers

SECRETS = "/keys/secrets"


@dataclass
class Memory:
    """Secrets as they were answered, by id; `owners`: the Authorization that made each."""

    owners: dict[str, str] = field(default_factory=dict)
    created: dict[str, Tree] = field(default_factory=dict)
    read: dict[str, Response] = field(default_factory=dict)
    deleted: set[str] = field(default_factory=set)

    def notice(self, request: Request, answer: Response) -> None:
        match request.method, answer.status_code:
            case "POST", 201 if request.url.path == SECRETS:
                tree = json.loads(bytes(answer.body))
                self.created[tree["id"]] = tree
                self.owners[tree["id"]] = request.headers["authorization"]
            case "GET", 200:
                self.read[secret_of(request)] = answer
            case "DELETE", 204:
                self.deleted.add(secret_of(request))


def secret_of(request: Request) -> str:
    """The id that a request is about, or what stands there."""
    return request.query_params.get("secret_id") or request.url.path.rpartition("/")[2]


def remembering(wrong: Callable[[Memory, Request, Forward], Awaitable[Response]]) -> Defect:
    memory = Memory()

    async def defect(request: Request, forward: Forward) -> Response:
        answer = await wrong(memory, request, forward)
        memory.notice(request, answer)
        return answer

    return defect


def for_anybody(method: str, path: str) -> Defect:
    """Whoever asks like this is taken for the owner of the secret."""

    async def wrong(memory: Memory, request: Request, forward: Forward) -> Response:
        owner = memory.owners.get(secret_of(request))
        asked = request.method == method and request.url.path.startswith(path)
        if owner is None or not asked or "authorization" not in request.headers:
            return await forward(request)
        return await forward(with_headers(request, authorization=owner))

    return remembering(wrong)


async def _deleted_unseen(memory: Memory, request: Request, forward: Forward) -> Response:
    owner = memory.owners.get(secret_of(request))
    if owner and request.method == "DELETE" and request.headers.get("authorization") != owner:
        unseen = with_headers(request, authorization=owner)
        await forward(Request(unseen.scope, _no_body))
    return await forward(request)


async def _told_apart(memory: Memory, request: Request, forward: Forward) -> Response:
    answer = await forward(request)
    owner = memory.owners.get(secret_of(request))
    if not owner or answer.status_code != 404 or request.headers.get("authorization") == owner:
        return answer
    return answered(answer, {**json.loads(bytes(answer.body)), "detail": "It is not yours."})


async def _no_body() -> Message:
    return {"type": "http.request", "body": b"", "more_body": False}


async def _still_read(memory: Memory, request: Request, forward: Forward) -> Response:
    answer = await forward(request)
    asked = secret_of(request)
    if answer.status_code == 404 and asked in memory.deleted and request.method == "GET":
        return memory.read[asked]
    return answer


def listed_too(wanted: Callable[[Memory, str, str], bool]) -> Defect:
    """Lists hold more; `wanted` is asked with the id of a secret and the caller's Authorization."""

    async def wrong(memory: Memory, request: Request, forward: Forward) -> Response:
        answer = await forward(request)
        if (request.method, request.url.path, answer.status_code) != ("GET", SECRETS, 200):
            return answer
        caller = request.headers["authorization"]
        tree = json.loads(bytes(answer.body))
        more = [made for id_, made in memory.created.items() if wanted(memory, id_, caller)]
        return answered(answer, {**tree, "items": [*tree["items"], *more]})

    return remembering(wrong)


deleted_unseen = remembering(_deleted_unseen)
told_apart = remembering(_told_apart)
still_readable = remembering(_still_read)
still_listed = listed_too(lambda memory, id_, caller: id_ in memory.deleted)
listed_for_anybody = listed_too(lambda memory, id_, caller: memory.owners[id_] != caller)

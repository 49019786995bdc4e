"""Ways in which a service can be wrong, as defects for a `Door`."""

import json
import re
from collections.abc import Callable
from uuid import UUID

import jwt
from pydantic import SecretStr
from starlette.requests import Request
from starlette.responses import Response

from services.token import Claims, TokenIssuer
from tests.planting import Defect, Forward, Tree, answered, where, with_headers
from tests.suites.system import JWT_SECRET, SERVICE


def text(other: str) -> Defect:
    """The body is this text."""

    async def defect(request: Request, forward: Forward) -> Response:
        answer = await forward(request)
        return Response(other, answer.status_code, media_type="text/html")

    return defect


def for_emails(beginning: str, answer: Defect) -> Defect:
    async def defect(request: Request, forward: Forward) -> Response:
        sent = await request.json()
        return await (
            answer(request, forward) if sent["email"].startswith(beginning) else forward(request)
        )

    return defect


def named(name: str, answer: Defect) -> Defect:
    """The defect shows where the answer is about a secret of this name, whichever run made it."""

    async def defect(request: Request, forward: Forward) -> Response:
        came = await forward(request)

        async def again(_request: Request) -> Response:
            return came

        told = str(json.loads(bytes(came.body) or b"{}").get("name"))
        return await answer(request, again) if re.fullmatch(rf"{name} \S+", told) else came

    return defect


def claiming(answer: Defect) -> Defect:
    """The defect shows where a caller sends an identity of their own."""
    return where(lambda request: "x-user-id" in request.headers, answer)


def without_token(answer: Defect) -> Defect:
    return where(lambda request: "authorization" not in request.headers, answer)


def token_for(user_id: str) -> str:
    """What auth would give this user."""
    issuer = TokenIssuer(SecretStr(JWT_SECRET), SERVICE["environment"])
    return issuer.issue(Claims(UUID(user_id), "a@b.example", auth_time=0), 60)


async def believed(request: Request, forward: Forward) -> Response:
    """`X-User-ID` is whoever the caller says."""
    token = token_for(request.headers["x-user-id"])
    return await forward(with_headers(request, authorization=f"Bearer {token}"))


async def unwritten(request: Request, forward: Forward) -> Response:
    """An update is acknowledged, with a new ETag, and not done."""
    asked = with_headers(request, content_length=None)
    asked.scope["method"] = "GET"
    answer = await forward(asked)
    answer.headers["etag"] = '"another"'
    return answer


def unverified(condition: Callable[[Tree], bool]) -> Defect:
    """Tokens are believed as they are; `condition` looks at their header."""

    async def defect(request: Request, forward: Forward) -> Response:
        token = request.headers.get("authorization", "").removeprefix("Bearer ")
        if token.count(".") != 2 or not condition(jwt.get_unverified_header(token)):
            return await forward(request)
        claims = jwt.decode(token, options={"verify_signature": False})
        believed = f"Bearer {token_for(claims['sub'])}"
        return await forward(with_headers(request, authorization=believed))

    return defect


async def the_same_token(request: Request, forward: Forward) -> Response:
    """A refresh gives back what it was given."""
    answer = await forward(request)
    if answer.status_code != 200:
        return answer
    token = request.headers["authorization"].removeprefix("Bearer ")
    return answered(answer, {**json.loads(bytes(answer.body)), "access_token": token})


def once_in() -> Defect:
    """Whoever has logged in once may do so with any auth hash."""
    known: dict[str, Response] = {}

    async def defect(request: Request, forward: Forward) -> Response:
        email = (await request.json())["email"]
        answer = await forward(request)
        if answer.status_code == 200:
            known[email] = answer
        return known.get(email, answer)

    return defect

"""`Idempotency-Key`: a repeated request gets the first answer again, and is done once.

Source: draft-ietf-httpapi-idempotency-key-header-07.
"""

import hashlib
import uuid
from collections.abc import Callable, Coroutine
from datetime import timedelta
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import Depends, Header, Request, Response
from sqlalchemy import delete, func, insert, select
from sqlalchemy.ext.asyncio import AsyncSession

from services.problem import Problem, answer_to
from services.tables import NOW, IdempotencyKey

KEPT_FOR = timedelta(hours=24)
MAX_KEY_CHARS = 128
# Headers of an answer that belong to what it says, and so come again with it.
KEPT_HEADERS = ("content-type", "etag")

Handler = Callable[[Request], Coroutine[Any, Any, Response]]
# A user, a path, a key.
Place = tuple[uuid.UUID, str, str]


async def _documented(
    idempotency_key: Annotated[
        str | None,
        Header(
            max_length=MAX_KEY_CHARS,
            description="Makes the request safe to repeat: for 24 hours the same key, path and "
            "body get the first answer again. 422 with another body, 409 while in flight.",
        ),
    ] = None,
) -> None:
    """The route reads the header itself, before anything else; this is for the document."""


# For the `dependencies` of every `POST`.
IDEMPOTENT = [Depends(_documented)]


async def once(request: Request, handler: Handler, key: str) -> Response:
    """Runs the handler unless this request was answered before: then that answer comes again.

    The key is held by an advisory lock and its answer written in the same transaction as the
    work, so that a crash leaves both or neither.
    """
    if not 1 <= len(key) <= MAX_KEY_CHARS or not key.isprintable():
        raise Problem(422, f"Idempotency-Key must have 1 to {MAX_KEY_CHARS} printable characters.")
    session: AsyncSession = request.state.session
    # Escaped: PostgreSQL cannot store the NUL that an id in the path may hold.
    place = (request.state.user_id, quote(request.scope["path"]), key)
    if not await session.scalar(select(func.pg_try_advisory_xact_lock(_lock_number(place)))):
        raise Problem(
            409, "A request with this Idempotency-Key is still in flight.", Retry_After="1"
        )
    body_sha256 = hashlib.sha256(await request.body()).digest()
    kept = await _kept(session, place)
    if kept is not None:
        if kept.body_sha256 != body_sha256:
            raise Problem(422, "This Idempotency-Key was used with another body.")
        return Response(kept.body, kept.status, kept.headers)
    response = await _answer(request, handler)
    await _keep(session, place, body_sha256, response)
    return response


async def _answer(request: Request, handler: Handler) -> Response:
    """The handler's answer; what a refused request wrote is undone, its refusal kept.

    An invalid request gets no answer here: its key stays free for the corrected one. Nor is
    "not now" kept, for that is what the client repeats the request for.
    """
    session: AsyncSession = request.state.session
    work = await session.begin_nested()
    try:
        response = await handler(request)
    except Problem as problem:
        if problem.status >= 500 or problem.status == 429:
            raise
        await work.rollback()
        return answer_to(request, problem)
    await work.commit()
    return response


async def _kept(session: AsyncSession, place: Place) -> IdempotencyKey | None:
    user_id = place[0]
    await session.execute(
        delete(IdempotencyKey).where(
            IdempotencyKey.user_id == user_id, IdempotencyKey.created_at < NOW - KEPT_FOR
        )
    )
    return await session.get(IdempotencyKey, place)


async def _keep(
    session: AsyncSession, place: Place, body_sha256: bytes, response: Response
) -> None:
    user_id, path, key = place
    headers = {name: response.headers[name] for name in KEPT_HEADERS if name in response.headers}
    await session.execute(
        insert(IdempotencyKey).values(
            user_id=user_id,
            path=path,
            key=key,
            body_sha256=body_sha256,
            status=response.status_code,
            headers=headers,
            body=bytes(response.body),
        )
    )


def _lock_number(place: Place) -> int:
    digest = hashlib.sha256("\n".join(map(str, place)).encode()).digest()
    return int.from_bytes(digest[:8], "big", signed=True)

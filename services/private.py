"""How a private service takes a request: for a user who exists, in one transaction, and a repeated
`POST` once. That it comes from the gateway is certain by then (services.internal).
"""

import uuid
from typing import Annotated

from fastapi import Depends, Request, Response, Security
from fastapi.routing import APIRoute
from fastapi.security import APIKeyHeader
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from services.idempotency import Handler, once
from services.internal import refuse_gateway
from services.problem import Problem
from services.tables import User

internal_token = APIKeyHeader(name="X-Internal-Token", scheme_name="internalToken")
internal_user = APIKeyHeader(name="X-User-ID", scheme_name="internalUser")


class PrivateRoute(APIRoute):
    """A route behind the gateway.

    The application's state holds `database`; the request's state then holds `session` and
    `user_id`. The answer leaves after the commit, never before.
    """

    def get_route_handler(self) -> Handler:
        handler = super().get_route_handler()

        async def run(request: Request) -> Response:
            request.state.user_id = _claimed_user(request)
            # Read before a connection is taken, so that a slow sender holds none.
            await request.body()
            try:
                async with request.app.state.database.transaction() as session:
                    request.state.session = session
                    return await _respond(request, handler)
            except IntegrityError as error:
                if _names_deleted_user(error):
                    raise _user_is_gone() from error
                raise

        return run


async def _respond(request: Request, handler: Handler) -> Response:
    await _check_user(request.state.session, request.state.user_id)
    key = request.headers.get("idempotency-key")
    if request.method == "POST" and key is not None:
        return await once(request, handler, key)
    return await handler(request)


def _claimed_user(request: Request) -> uuid.UUID:
    try:
        return uuid.UUID(request.headers.get("x-user-id", ""))
    except ValueError:
        raise refuse_gateway("The gateway names no user.") from None


async def _check_user(session: AsyncSession, user_id: uuid.UUID) -> None:
    if await session.scalar(select(User.id).where(User.id == user_id)) is None:
        raise _user_is_gone()


def _names_deleted_user(error: IntegrityError) -> bool:
    """Whether a row could not be written because its user went away meanwhile."""
    constraint = getattr(getattr(error.orig, "__cause__", None), "constraint_name", None)
    return str(constraint).endswith(("user_id_fkey", "actor_id_fkey"))


def _user_is_gone() -> Problem:
    return Problem(401, "The user no longer exists.")


async def _session(request: Request) -> AsyncSession:
    session: AsyncSession = request.state.session
    return session


async def _user_id(request: Request) -> uuid.UUID:
    user_id: uuid.UUID = request.state.user_id
    return user_id


Session = Annotated[AsyncSession, Depends(_session)]
UserId = Annotated[uuid.UUID, Depends(_user_id)]
# For the OpenAPI document; the route has checked both before it reads anything else.
GATEWAY_ONLY = [Security(internal_token), Security(internal_user)]

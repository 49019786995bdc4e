"""Other users, as far as they can be found."""

from typing import Annotated

from fastapi import APIRouter, Query
from sqlalchemy import select

from services.account import models
from services.account.lookup import LIMITED
from services.private import GATEWAY_ONLY, PrivateRoute, Session
from services.problem import Problem, responses
from services.tables import User
from services.text import Email

router = APIRouter(
    prefix="/account/users", tags=["users"], route_class=PrivateRoute, dependencies=GATEWAY_ONLY
)


@router.get("/search", responses=responses(401, 404, 422, 429, 503), dependencies=LIMITED)
async def search_user(
    session: Session,
    email: Annotated[Email, Query(description="The whole address, in any case.")],
) -> models.FoundUser:
    """The one user with exactly this email. 404 when there is none.

    Limited for each user, together with adding members.
    """
    user = await session.scalar(select(User).where(User.email == email))
    if user is None:
        raise Problem(404, "There is no such user.")
    return models.FoundUser(user_id=user.id, email=user.email, public_key=user.public_key)

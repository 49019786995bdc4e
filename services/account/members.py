"""The members of a team."""

import uuid

from fastapi import APIRouter
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from services.account import models
from services.account.lookup import LIMITED
from services.account.membership import (
    find_membership,
    locked_membership_of,
    refuse_last_owner,
    require_role,
)
from services.account.teams import shown_member
from services.idempotency import IDEMPOTENT
from services.private import GATEWAY_ONLY, PrivateRoute, Session, UserId
from services.problem import Problem, responses
from services.tables import Membership, User

router = APIRouter(
    prefix="/account/teams/{team_id}/members",
    tags=["members"],
    route_class=PrivateRoute,
    dependencies=GATEWAY_ONLY,
)

LINKS = {
    name: {
        "operationId": name,
        "parameters": {"team_id": "$request.path.team_id", "user_id": "$response.body#/user_id"},
    }
    for name in ("change_role", "remove_member")
}


@router.post(
    "",
    status_code=201,
    responses={
        201: {"description": "The user is in the team.", "links": LINKS},
        **responses(401, 403, 404, 409, 413, 422, 429, 503),
    },
    dependencies=[*IDEMPOTENT, *LIMITED],
)
async def add_member(
    team_id: uuid.UUID, body: models.NewMember, session: Session, caller_id: UserId
) -> models.Member:
    """Adds a user, named by id or by email. For owners; admins can add plain members.

    404 also when there is no such user; 409 when they are in the team already. Limited for each
    user, together with the search for users.
    """
    user = await _locked_user(session, body)
    own = await locked_membership_of(session, team_id, caller_id)
    require_role(own, "owner", *(["admin"] if body.role == "member" else []))
    if user is None:
        raise Problem(404, "There is no such user.")
    if await find_membership(session, team_id, user.id):
        raise Problem(409, "The user is a member already.")
    membership = Membership(
        team_id=team_id,
        user_id=user.id,
        role=body.role,
        encrypted_team_key=body.encrypted_team_key,
    )
    session.add(membership)
    await session.flush()
    return shown_member(membership, user)


@router.put("/{user_id}", responses=responses(401, 403, 404, 409, 413, 422, 503))
async def change_role(
    team_id: uuid.UUID,
    user_id: uuid.UUID,
    body: models.ChangedRole,
    session: Session,
    caller_id: UserId,
) -> models.Member:
    """Changes a member's role. For owners; 409 when the team would be left without one."""
    require_role(await locked_membership_of(session, team_id, caller_id), "owner")
    membership = await _member(session, team_id, user_id)
    if body.role != "owner":
        await refuse_last_owner(session, membership)
    membership.role = body.role
    return shown_member(membership, await session.get_one(User, user_id))


@router.delete("/{user_id}", status_code=204, responses=responses(401, 403, 404, 409, 422, 503))
async def remove_member(
    team_id: uuid.UUID, user_id: uuid.UUID, session: Session, caller_id: UserId
) -> None:
    """Removes a member. For owners; admins can remove plain members, and anyone themselves.

    409 when the team would be left without an owner.
    """
    own = await locked_membership_of(session, team_id, caller_id)
    if user_id != caller_id:
        require_role(own, "owner", "admin")
    membership = await _member(session, team_id, user_id)
    if user_id != caller_id and membership.role != "member":
        require_role(own, "owner")
    await refuse_last_owner(session, membership)
    await session.delete(membership)


async def _locked_user(session: AsyncSession, named: models.NewMember) -> User | None:
    """The user to add, who then cannot go away before the commit; the team is locked after."""
    is_named = (
        User.id == named.user_id
        if isinstance(named, models.NewMemberById)
        else User.email == named.email
    )
    return await session.scalar(
        select(User).where(is_named).with_for_update(read=True, key_share=True)
    )


async def _member(session: AsyncSession, team_id: uuid.UUID, user_id: uuid.UUID) -> Membership:
    membership = await find_membership(session, team_id, user_id)
    if membership is None:
        raise Problem(404, "There is no such member.")
    return membership

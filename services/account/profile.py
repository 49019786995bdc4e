"""The caller's own profile."""

import uuid

from fastapi import APIRouter
from sqlalchemy import delete, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from services.account import models
from services.private import GATEWAY_ONLY, PrivateRoute, Session, UserId
from services.problem import Problem, responses
from services.tables import Membership, Team, User

router = APIRouter(
    prefix="/account/profile",
    tags=["profile"],
    route_class=PrivateRoute,
    dependencies=GATEWAY_ONLY,
)


@router.get("", responses=responses(401, 503))
async def get_profile(session: Session, caller_id: UserId) -> models.Profile:
    """The caller's own profile; never a hash or an encrypted key."""
    return _shown(await session.get_one(User, caller_id))


@router.put("", responses=responses(401, 413, 422, 503))
async def change_profile(
    body: models.ChangedProfile, session: Session, caller_id: UserId
) -> models.Profile:
    """Changes the caller's display name, which is all that can change."""
    user = await _locked_user(session, caller_id)
    user.display_name = body.display_name
    return _shown(user)


@router.delete("", status_code=204, responses=responses(401, 409, 503))
async def delete_profile(session: Session, caller_id: UserId) -> None:
    """Deletes the caller, their teams without other members, and all that only they own.

    409 while they are the last owner of a team with other members.
    """
    user = await _locked_user(session, caller_id)
    for team in await _locked_teams(session, caller_id):
        if await _must_go(session, team.id, caller_id):
            await session.delete(team)
    await session.flush()
    await session.execute(delete(User).where(User.id == user.id))


async def _locked_user(session: AsyncSession, user_id: uuid.UUID) -> User:
    """The caller; while the row is held, nobody can add them to a team."""
    user = await session.get(User, user_id, with_for_update=True)
    if user is None:
        raise Problem(401, "The user no longer exists.")
    return user


async def _locked_teams(session: AsyncSession, user_id: uuid.UUID) -> list[Team]:
    teams = (
        select(Team)
        .join(Membership)
        .where(Membership.user_id == user_id)
        .order_by(Team.id)
        .with_for_update(of=Team)
    )
    return list(await session.scalars(teams))


async def _must_go(session: AsyncSession, team_id: uuid.UUID, user_id: uuid.UUID) -> bool:
    """Whether a team goes with its only member.

    Raises:
        Problem: 409, when the others would be left without an owner.
    """
    others = select(
        func.count().label("members"),
        func.count().filter(Membership.role == "owner").label("owners"),
    ).where(Membership.team_id == team_id, Membership.user_id != user_id)
    left = (await session.execute(others)).one()
    own = await session.get(Membership, (team_id, user_id))
    if left.members and not left.owners and own is not None:
        raise Problem(409, "You are the last owner of a team that has other members.")
    return own is not None and not left.members


def _shown(user: User) -> models.Profile:
    return models.Profile(
        user_id=user.id,
        email=user.email,
        display_name=user.display_name,
        public_key=user.public_key,
    )

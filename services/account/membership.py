"""Who is in a team as what, and what follows from it.

Rows are locked in one order: a user, then teams by their ids. Whoever changes who is in a team
holds the team's row, so that rules about its last owner hold for everyone who comes at once.
"""

import uuid

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from services.problem import Problem
from services.tables import Membership, Team


async def membership_of(
    session: AsyncSession, team_id: uuid.UUID, user_id: uuid.UUID
) -> Membership:
    """The caller's own membership.

    Raises:
        Problem: 404, the same for a team that does not exist and one of others.
    """
    membership = await find_membership(session, team_id, user_id)
    if membership is None:
        raise Problem(404, "There is no such team.")
    return membership


async def locked_membership_of(
    session: AsyncSession, team_id: uuid.UUID, user_id: uuid.UUID
) -> Membership:
    """The caller's own membership; nobody else changes who is in the team until the commit.

    Raises:
        Problem: 404, the same for a team that does not exist and one of others.
    """
    own_team = (
        select(Team.id).join(Membership).where(Team.id == team_id, Membership.user_id == user_id)
    )
    await session.execute(own_team.with_for_update(of=Team))
    # Read after the lock: the role may have changed while waiting for it.
    return await membership_of(session, team_id, user_id)


async def find_membership(
    session: AsyncSession, team_id: uuid.UUID, user_id: uuid.UUID
) -> Membership | None:
    return await session.get(Membership, (team_id, user_id))


def require_role(membership: Membership, *roles: str) -> None:
    """
    Raises:
        Problem: 403, when the caller's role is none of these.
    """
    if membership.role not in roles:
        raise Problem(403, "Your role in this team does not allow this.")


async def refuse_last_owner(session: AsyncSession, membership: Membership) -> None:
    """
    Raises:
        Problem: 409, when the team would be left without an owner.
    """
    owners = select(func.count()).where(
        Membership.team_id == membership.team_id, Membership.role == "owner"
    )
    if membership.role == "owner" and await session.scalar(owners) == 1:
        raise Problem(409, "A team must keep an owner.")

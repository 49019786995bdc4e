"""Teams: those of the caller."""

import uuid
from typing import Annotated, Any

from fastapi import APIRouter, Query
from sqlalchemy import delete, select

from services.account import models
from services.account.membership import locked_membership_of, membership_of, require_role
from services.idempotency import IDEMPOTENT
from services.page import PageQuery, Pages
from services.private import GATEWAY_ONLY, PrivateRoute, Session, UserId
from services.problem import responses
from services.tables import Membership, Team, User

router = APIRouter(
    prefix="/account/teams", tags=["teams"], route_class=PrivateRoute, dependencies=GATEWAY_ONLY
)


def _link(operation: str) -> dict[str, Any]:
    return {"operationId": operation, "parameters": {"team_id": "$response.body#/team_id"}}


LINKS = {name: _link(name) for name in ("get_team", "rename_team", "delete_team", "add_member")}


@router.get("", responses=responses(401, 422, 503))
async def list_teams(
    query: Annotated[PageQuery, Query()], caller_id: UserId, pages: Pages
) -> models.TeamPage:
    """The caller's teams, each with their own role in it."""
    own = select(Team, Membership.role).join(Membership).where(Membership.user_id == caller_id)
    teams, next_cursor = await pages.rows(query, own, Team)
    return models.TeamPage(
        items=[_shown(team, role) for team, role in teams], next_cursor=next_cursor
    )


@router.post(
    "",
    status_code=201,
    responses={
        201: {"description": "The team exists.", "links": LINKS},
        **responses(401, 409, 413, 422, 503),
    },
    dependencies=IDEMPOTENT,
)
async def create_team(body: models.NewTeam, session: Session, caller_id: UserId) -> models.Team:
    """Creates a team with the caller as its owner."""
    # One at a time for each user: then their list grows at its end, also for a reader in mid-list.
    await session.execute(
        select(User.id).where(User.id == caller_id).with_for_update(key_share=True)
    )
    team = Team(name=body.name)
    session.add(team)
    await session.flush()
    session.add(
        Membership(
            team_id=team.id,
            user_id=caller_id,
            role="owner",
            encrypted_team_key=body.encrypted_team_key,
        )
    )
    await session.flush()
    return _shown(team, "owner")


@router.get("/{team_id}", responses=responses(401, 404, 422, 503))
async def get_team(
    team_id: uuid.UUID, session: Session, caller_id: UserId
) -> models.TeamWithMembers:
    """A team of the caller: who is in it, and the caller's own copy of its key."""
    own = await membership_of(session, team_id, caller_id)
    team = await session.get_one(Team, team_id)
    members = (
        select(Membership, User)
        .join(User)
        .where(Membership.team_id == team_id)
        .order_by(Membership.created_at, Membership.user_id)
    )
    return models.TeamWithMembers(
        **_shown(team, own.role).model_dump(),
        encrypted_team_key=own.encrypted_team_key,
        members=[shown_member(*row) for row in await session.execute(members)],
    )


@router.put("/{team_id}", responses=responses(401, 403, 404, 413, 422, 503))
async def rename_team(
    team_id: uuid.UUID, body: models.RenamedTeam, session: Session, caller_id: UserId
) -> models.Team:
    """Renames a team. For its owners and admins."""
    own = await locked_membership_of(session, team_id, caller_id)
    require_role(own, "owner", "admin")
    team = await session.get_one(Team, team_id)
    team.name = body.name
    return _shown(team, own.role)


@router.delete("/{team_id}", status_code=204, responses=responses(401, 403, 404, 422, 503))
async def delete_team(team_id: uuid.UUID, session: Session, caller_id: UserId) -> None:
    """Deletes a team with its secrets and folders. For its owners."""
    require_role(await locked_membership_of(session, team_id, caller_id), "owner")
    await session.execute(delete(Team).where(Team.id == team_id))


def shown_member(membership: Membership, user: User) -> models.Member:
    return models.Member.model_validate(
        {
            "user_id": user.id,
            "email": user.email,
            "display_name": user.display_name,
            "role": membership.role,
            "created_at": membership.created_at,
        }
    )


def _shown(team: Team, role: str) -> models.Team:
    return models.Team.model_validate(
        {"team_id": team.id, "name": team.name, "role": role, "created_at": team.created_at}
    )

"""Secrets that expire soon, or have: the caller's own and those of all their teams."""

from datetime import UTC, datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Query
from sqlalchemy import or_, select
from sqlalchemy.orm import defer

from services.keys.access import Caller, lock_owners
from services.keys.models import ExpiringPage, ExpiringSecret
from services.keys.queries import ExpiringQuery
from services.page import Pages
from services.private import GATEWAY_ONLY, PrivateRoute
from services.problem import responses
from services.tables import Membership, Secret

router = APIRouter(
    prefix="/keys/secrets/expiring",
    route_class=PrivateRoute,
    dependencies=GATEWAY_ONLY,
    tags=["secrets"],
)


@router.get("", responses=responses(401, 422, 503))
async def list_expiring_secrets(
    query: Annotated[ExpiringQuery, Query()], access: Caller, pages: Pages
) -> ExpiringPage:
    """Own and team secrets that expire within `days` or have expired."""
    now = datetime.now(UTC)
    memberships = select(Membership.team_id).where(Membership.user_id == access.user_id)
    teams = (await access.session.scalars(memberships)).all()
    # Each owner's secrets commit in order; over several owners only what is waited for does.
    await lock_owners(access.session, access.user_id, *teams, shared=True)
    found = (
        select(Secret)
        .where(or_(Secret.owner_user_id == access.user_id, Secret.owner_team_id.in_(memberships)))
        .where(Secret.expires_at <= now + timedelta(days=query.days))
        .options(defer(Secret.encrypted_value))
    )
    secrets, next_cursor = await pages.page(query, found, Secret)
    return ExpiringPage(items=[_seen(each, now) for each in secrets], next_cursor=next_cursor)


def _seen(secret: Secret, now: datetime) -> ExpiringSecret:
    assert secret.expires_at is not None  # the query leaves out those without
    left = secret.expires_at - now
    reminder_days = secret.rotation_reminder_days
    return ExpiringSecret.of(
        secret,
        days_until_expiry=left // timedelta(days=1),
        reminder_due=reminder_days is not None and left <= timedelta(days=reminder_days),
    )

"""The audit log: who did what to a secret, for those who may see it, also after it is gone."""

from typing import Annotated

from fastapi import APIRouter, Query
from sqlalchemy import insert, select

from services.keys.access import VIEW, Access, Caller, no_such
from services.keys.models import Action, AuditEntryDocument, AuditPage
from services.keys.owner import Owner
from services.keys.queries import AuditQuery
from services.page import Pages
from services.private import GATEWAY_ONLY, PrivateRoute
from services.problem import responses
from services.tables import AuditEntry, Secret

router = APIRouter(
    prefix="/keys/audit", route_class=PrivateRoute, dependencies=GATEWAY_ONLY, tags=["audit"]
)


async def record(access: Access, action: Action, *secrets: Secret) -> None:
    """Writes an entry for each of the secrets, whose owner the caller holds."""
    entries = [
        {
            "action": action,
            "secret_id": secret.id,
            "actor_id": access.user_id,
            "owner_user_id": secret.owner_user_id,
            "owner_team_id": secret.owner_team_id,
        }
        for secret in secrets
    ]
    if entries:
        await access.session.execute(insert(AuditEntry), entries)


@router.get("", responses=responses(401, 404, 422, 503))
async def list_audit_entries(
    query: Annotated[AuditQuery, Query()], access: Caller, pages: Pages
) -> AuditPage:
    """What was done to one secret, deleted or not: `create`, `view`, `update`, `delete`, and
    `share` when it was created for a team.

    Entries go with the user or team that owns the secret.
    """
    history = select(AuditEntry).where(AuditEntry.secret_id == query.secret_id)
    first = await access.session.scalar(history.limit(1))
    if first is None:
        raise no_such("secret")
    # Those who add entries hold the owner too: none of theirs can still be on its way.
    await access.hold(Owner.of(first), VIEW, noun="secret")
    entries, next_cursor = await pages.page(query, history, AuditEntry)
    return AuditPage(
        items=[AuditEntryDocument.of(entry) for entry in entries], next_cursor=next_cursor
    )

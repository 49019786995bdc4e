"""Secrets: created, listed, read, changed, deleted. What was done is in the audit log."""

import uuid
from typing import Annotated

from fastapi import APIRouter, Query, Response
from sqlalchemy import delete, literal, select, update
from sqlalchemy.orm import defer

from services.idempotency import IDEMPOTENT
from services.keys import ciphertext
from services.keys.access import DELETE, EDIT, VIEW, Caller
from services.keys.audit import record
from services.keys.documents import ONE_SECRET, SECRET_LINKS, etagged
from services.keys.etag import Condition, etag
from services.keys.models import (
    NewSecret,
    SecretContent,
    SecretPage,
    SecretSummary,
    SecretWithValue,
)
from services.keys.nesting import require_folder
from services.keys.owner import Owner
from services.keys.queries import SecretQuery
from services.page import Pages
from services.private import GATEWAY_ONLY, PrivateRoute
from services.problem import responses
from services.tables import NOW, Secret

router = APIRouter(
    prefix="/keys/secrets", route_class=PrivateRoute, dependencies=GATEWAY_ONLY, tags=["secrets"]
)


@router.get("", responses=responses(401, 404, 422, 503))
async def list_secrets(
    query: Annotated[SecretQuery, Query()], access: Caller, pages: Pages
) -> SecretPage:
    """The caller's own secrets, or those of a team, without `encrypted_value`."""
    owner = access.owner("team" if query.team_id else "user", query.team_id)
    await access.require(owner, VIEW, noun="team")
    found = select(Secret).where(owner.owns(Secret)).options(defer(Secret.encrypted_value))
    if query.folder_id:
        found = found.where(Secret.folder_id == query.folder_id)
    if query.environment:
        found = found.where(Secret.environment == query.environment)
    if query.tag:
        found = found.where(Secret.tags.bool_op("@>")(literal(query.tag, Secret.tags.type)))
    secrets, next_cursor = await pages.page(query, found, Secret)
    return SecretPage(items=[SecretSummary.of(each) for each in secrets], next_cursor=next_cursor)


@router.post(
    "",
    status_code=201,
    dependencies=IDEMPOTENT,
    responses={
        201: etagged("The secret is kept.", links=SECRET_LINKS),
        **responses(400, 401, 403, 404, 409, 413, 422, 503),
    },
)
async def create_secret(body: NewSecret, response: Response, access: Caller) -> SecretSummary:
    """Keeps a secret, the caller's own or a team's; answers without `encrypted_value`.

    404 when the caller is no member of the team, 403 when a plain one.
    """
    owner = access.owner(body.owner_type, body.owner_id)
    await access.hold(owner, EDIT, noun="team")
    await require_folder(access.session, owner, body.folder_id)
    content = body.model_dump(exclude={"owner_type", "owner_id"})
    secret = Secret(**content, **owner.columns())
    access.session.add(secret)
    await access.session.flush()
    await record(access, "create", secret)
    if owner.kind == "team":
        await record(access, "share", secret)
    response.headers["ETag"] = etag(secret)
    return SecretSummary.of(secret)


@router.get(
    ONE_SECRET,
    responses={200: etagged("The secret."), **responses(401, 404, 422, 503)},
)
async def read_secret(secret_id: uuid.UUID, response: Response, access: Caller) -> SecretWithValue:
    """One secret with its `encrypted_value`. Each reading is a `view` in the audit log."""
    secret = await access.hold_row(Secret, secret_id, VIEW, shared=True)
    await record(access, "view", secret)
    response.headers["ETag"] = etag(secret)
    # A copy from a cache would be a view that nobody sees.
    response.headers["Cache-Control"] = "no-store"
    return SecretWithValue.of(secret, encrypted_value=ciphertext.encode(secret.encrypted_value))


@router.put(
    ONE_SECRET,
    responses={
        200: etagged("The secret as it is now."),
        **responses(400, 401, 403, 404, 412, 413, 422, 428, 503),
    },
)
async def update_secret(
    secret_id: uuid.UUID,
    body: SecretContent,
    condition: Condition,
    response: Response,
    access: Caller,
) -> SecretSummary:
    """Replaces all of a secret but its owner; answers without `encrypted_value`.

    What the body leaves out gets its default. 428 without `If-Match`, 412 when the secret has
    changed since.
    """
    secret = await access.hold_row(Secret, secret_id, EDIT)
    condition.require(secret)
    await require_folder(access.session, Owner.of(secret), body.folder_id)
    await access.session.execute(
        update(Secret)
        .where(Secret.id == secret_id)
        .values(**body.model_dump(), version=Secret.version + 1, updated_at=NOW)
    )
    await access.session.refresh(secret)
    await record(access, "update", secret)
    response.headers["ETag"] = etag(secret)
    return SecretSummary.of(secret)


@router.delete(ONE_SECRET, status_code=204, responses=responses(401, 403, 404, 422, 503))
async def delete_secret(secret_id: uuid.UUID, access: Caller) -> None:
    """Deletes a secret; of a team's, only its owners may. The audit log keeps its history."""
    secret = await access.hold_row(Secret, secret_id, DELETE)
    await record(access, "delete", secret)
    await access.session.execute(delete(Secret).where(Secret.id == secret_id))

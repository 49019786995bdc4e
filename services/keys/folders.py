"""Folders: nested, of one owner, without circles."""

import uuid
from typing import Annotated

from fastapi import APIRouter, Query
from sqlalchemy import delete, select, update
from sqlalchemy.orm import defer

from services.idempotency import IDEMPOTENT
from services.keys.access import DELETE, EDIT, VIEW, Caller
from services.keys.audit import record
from services.keys.documents import FOLDER_LINKS
from services.keys.models import (
    FolderContent,
    FolderDocument,
    FolderPage,
    NewFolder,
)
from services.keys.nesting import require_place
from services.keys.owner import Owner
from services.keys.queries import FolderQuery
from services.page import Pages
from services.private import GATEWAY_ONLY, PrivateRoute
from services.problem import responses
from services.tables import NOW, Folder, Secret

router = APIRouter(
    prefix="/keys/folders", route_class=PrivateRoute, dependencies=GATEWAY_ONLY, tags=["folders"]
)


@router.get("", responses=responses(401, 404, 422, 503))
async def list_folders(
    query: Annotated[FolderQuery, Query()], access: Caller, pages: Pages
) -> FolderPage:
    """The caller's own folders, or those of a team."""
    owner = access.owner("team" if query.team_id else "user", query.team_id)
    await access.require(owner, VIEW, noun="team")
    found = select(Folder).where(owner.owns(Folder))
    folders, next_cursor = await pages.page(query, found, Folder)
    return FolderPage(items=[FolderDocument.of(each) for each in folders], next_cursor=next_cursor)


@router.post(
    "",
    status_code=201,
    dependencies=IDEMPOTENT,
    responses={
        201: {"description": "The folder exists.", "links": FOLDER_LINKS},
        **responses(401, 403, 404, 409, 413, 422, 503),
    },
)
async def create_folder(body: NewFolder, access: Caller) -> FolderDocument:
    """Makes a folder, the caller's own or a team's. 409 when it would be nested too deep."""
    owner = access.owner(body.owner_type, body.owner_id)
    await access.hold(owner, EDIT, noun="team")
    folder = Folder(name=body.name, parent_folder_id=body.parent_folder_id, **owner.columns())
    await require_place(access.session, owner, body.parent_folder_id)
    access.session.add(folder)
    await access.session.flush()
    return FolderDocument.of(folder)


@router.put("/{folder_id}", responses=responses(401, 403, 404, 409, 413, 422, 503))
async def update_folder(
    folder_id: uuid.UUID, body: FolderContent, access: Caller
) -> FolderDocument:
    """Renames and moves a folder with all that is in it.

    Without `parent_folder_id` it moves to the root. 409 when it would come to lie within itself,
    or nested too deep.
    """
    folder = await access.hold_row(Folder, folder_id, EDIT)
    await require_place(access.session, Owner.of(folder), body.parent_folder_id, moved=folder_id)
    folder.name = body.name
    folder.parent_folder_id = body.parent_folder_id
    await access.session.flush()
    return FolderDocument.of(folder)


@router.delete("/{folder_id}", status_code=204, responses=responses(401, 403, 404, 422, 503))
async def delete_folder(folder_id: uuid.UUID, access: Caller) -> None:
    """Deletes a folder; of a team's, only its owners may.

    Its secrets and child folders move to the root: to each secret this is an `update`.
    """
    await access.hold_row(Folder, folder_id, DELETE)
    inside = select(Secret).where(Secret.folder_id == folder_id)
    secrets = await access.session.scalars(inside.options(defer(Secret.encrypted_value)))
    await record(access, "update", *secrets)
    # The foreign key would do as much, but leave the version, and so the ETag, as it was.
    await access.session.execute(
        update(Secret)
        .where(Secret.folder_id == folder_id)
        .values(folder_id=None, version=Secret.version + 1, updated_at=NOW)
    )
    await access.session.execute(delete(Folder).where(Folder.id == folder_id))

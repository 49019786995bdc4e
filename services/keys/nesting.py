"""Where a folder may lie. Called while the owner is held, so that what is seen stays so."""

import uuid

from sqlalchemy import func, literal, select
from sqlalchemy.ext.asyncio import AsyncSession

from services.keys.owner import Owner
from services.problem import Problem
from services.tables import Folder

MAX_DEPTH = 32


async def require_folder(session: AsyncSession, owner: Owner, folder_id: uuid.UUID | None) -> None:
    """Sees that a folder, where one is named, is there and of this owner.

    Raises:
        Problem: 422, in the same words for one that is another's.
    """
    found = select(Folder.id).where(Folder.id == folder_id, owner.owns(Folder))
    if folder_id is not None and await session.scalar(found) is None:
        raise Problem(422, "The folder named is none of the same owner.")


async def require_place(
    session: AsyncSession,
    owner: Owner,
    parent_id: uuid.UUID | None,
    *,
    moved: uuid.UUID | None = None,
) -> None:
    """Sees that a folder can lie in `parent_id`: a new one, or `moved` with all that is in it.

    Raises:
        Problem: 422 when the parent is none of the owner's, 409 for a circle or beyond the depth.
    """
    await require_folder(session, owner, parent_id)
    if parent_id is None:
        return
    above = await _above(session, parent_id)
    if moved in above:
        raise Problem(409, "A folder cannot lie within itself.")
    height = 1 if moved is None else await _height(session, moved)
    if len(above) + height > MAX_DEPTH:
        raise Problem(409, f"Folders can be nested {MAX_DEPTH} deep.")


async def _above(session: AsyncSession, folder_id: uuid.UUID) -> list[uuid.UUID]:
    """The folder and those that it lies in."""
    start = select(Folder.id, Folder.parent_folder_id).where(Folder.id == folder_id)
    above = start.cte("above", recursive=True)
    step = select(Folder.id, Folder.parent_folder_id).where(Folder.id == above.c.parent_folder_id)
    above = above.union(step)
    return list((await session.scalars(select(above.c.id))).all())


async def _height(session: AsyncSession, folder_id: uuid.UUID) -> int:
    """How many levels a folder has, its own included."""
    start = select(Folder.id, literal(1).label("level")).where(Folder.id == folder_id)
    within = start.cte("within", recursive=True)
    step = select(Folder.id, within.c.level + 1).where(Folder.parent_folder_id == within.c.id)
    within = within.union_all(step)
    return await session.scalar(select(func.max(within.c.level))) or 0

"""Lists come in pages, by `(created_at, id)`."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, TypeVar, TypeVarTuple

from fastapi import Depends, Request
from pydantic import BaseModel, ConfigDict, Field, SecretStr
from pydantic.json_schema import SkipJsonSchema
from sqlalchemy import Row, Select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from services.cursor import Cursors, CursorText, Place
from services.private import Session, UserId
from services.tables import AuditEntry, Folder, Secret, Team

Listed = TypeVar("Listed", Secret, Folder, AuditEntry, Team)
Beside = TypeVarTuple("Beside")


class PageQuery(BaseModel):
    """Which part of a list."""

    model_config = ConfigDict(extra="forbid")

    limit: int = Field(50, ge=1, le=100, description="Items on a page.")
    cursor: CursorText | SkipJsonSchema[None] = Field(
        None,
        description="`next_cursor` of the page before. It is bound to the caller, the list and "
        "its filters; `limit` may change.",
    )


class Page(BaseModel):
    """What every page has; its kind adds `items`."""

    next_cursor: str | None = Field(description="Where the next page begins; null on the last.")


@dataclass(frozen=True)
class Pager:
    """Cuts the lists of one request into pages."""

    session: AsyncSession
    secret: SecretStr
    place: str

    async def page(
        self, query: PageQuery, rows: Select[Listed], table: type[Listed]
    ) -> tuple[Sequence[Listed], str | None]:
        """As `rows`, where there is nothing beside what is listed."""
        page, next_cursor = await self.rows(query, rows, table)
        return [row[0] for row in page], next_cursor

    async def rows(
        self, query: PageQuery, rows: Select[Listed, *Beside], table: type[Listed]
    ) -> tuple[Sequence[Row[Listed, *Beside]], str | None]:
        """The rows of one page, and the cursor of the next.

        Raises:
            Problem: 422, when the cursor is none of this list.
        """
        filters = query.model_dump_json(exclude={"limit", "cursor"})
        cursors = Cursors(self.secret, f"{self.place} {filters}")
        if query.cursor is not None:
            last = cursors.open(query.cursor)
            rows = rows.where(tuple_(table.created_at, table.id) > (last.created_at, last.id))
        ordered = rows.order_by(table.created_at, table.id).limit(query.limit + 1)
        found = (await self.session.execute(ordered)).all()
        page = found[: query.limit]
        if len(found) == len(page):
            return page, None
        last_listed = page[-1][0]
        return page, cursors.seal(Place(last_listed.created_at, last_listed.id))


async def _pager(request: Request, session: Session, user_id: UserId) -> Pager:
    secret: SecretStr = request.app.state.internal_token
    return Pager(session, secret, f"{request.scope['path']} {user_id}")


Pages = Annotated[Pager, Depends(_pager)]

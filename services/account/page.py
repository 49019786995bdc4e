"""Lists, a page at a time, in the order of (created_at, id)."""

import base64
import hashlib
import hmac
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Annotated, Generic, TypeVar

from fastapi import Depends, Query, Request
from pydantic import BaseModel, Field
from sqlalchemy import ColumnElement, true, tuple_
from sqlalchemy.orm import InstrumentedAttribute

from services.problem import Problem
from services.settings import Secret

MAC_BYTES = 16
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

T = TypeVar("T")
# When a row was created, and its id: its place in the list.
Place = tuple[datetime, uuid.UUID]


class Page(BaseModel, Generic[T]):
    """A part of a list."""

    items: list[T]
    next_cursor: str | None = Field(description="`cursor` of the next page; null on the last.")


@dataclass(frozen=True)
class PageRequest:
    """Which part is asked for: at most `limit` items, those `after` a place."""

    limit: int
    after: Place | None
    seal: "Seal"

    def rows(
        self,
        created_at: InstrumentedAttribute[datetime],
        id_: InstrumentedAttribute[uuid.UUID],
    ) -> ColumnElement[bool]:
        """Which rows are after that place."""
        return true() if self.after is None else tuple_(created_at, id_) > self.after

    def page(self, rows: Sequence[T], place: Callable[[T], Place]) -> Page[T]:
        """The page, from `limit` rows and the one more that tells whether there is another."""
        items = list(rows[: self.limit])
        more = len(rows) > self.limit
        cursor = self.seal.cursor(place(items[-1])) if more else None
        return Page(items=items, next_cursor=cursor)


class Seal:
    """Writes cursors, and reads only those that it wrote, here or in another instance.

    Args:
        secret: What all instances know.
        list_path: The list that the cursors are for.
    """

    def __init__(self, secret: Secret, list_path: str) -> None:
        self._key = secret.get_secret_value().encode()
        self._label = f"cursor of {list_path}\n".encode()

    def cursor(self, place: Place) -> str:
        created_at, id_ = place
        microseconds = (created_at - EPOCH) // timedelta(microseconds=1)
        message = microseconds.to_bytes(8, "big", signed=True) + id_.bytes
        return base64.urlsafe_b64encode(message + self._mac(message)).decode()

    def place(self, cursor: str) -> Place:
        """
        Raises:
            Problem: 422, when the cursor is of another origin or another list.
        """
        try:
            decoded = base64.b64decode(cursor, altchars=b"-_", validate=True)
        except ValueError:
            raise _refusal() from None
        message, mac = decoded[:-MAC_BYTES], decoded[-MAC_BYTES:]
        if not hmac.compare_digest(mac, self._mac(message)):
            raise _refusal()
        microseconds = int.from_bytes(message[:8], "big", signed=True)
        return EPOCH + timedelta(microseconds=microseconds), uuid.UUID(bytes=message[8:])

    def _mac(self, message: bytes) -> bytes:
        return hmac.digest(self._key, self._label + message, hashlib.sha256)[:MAC_BYTES]


def _refusal() -> Problem:
    return Problem(422, "The cursor is not one that this list gave.")


async def _page_request(
    request: Request,
    limit: Annotated[int, Query(ge=1, le=100, description="Items on a page.")] = 50,
    cursor: Annotated[
        str | None, Query(max_length=100, description="`next_cursor` of the page before.")
    ] = None,
) -> PageRequest:
    seal = Seal(request.app.state.internal_token, request.url.path)
    return PageRequest(limit, None if cursor is None else seal.place(cursor), seal)


WantedPage = Annotated[PageRequest, Depends(_page_request)]

"""Cursors: a place in one list, sealed so that only what we made is taken back."""

import base64
import hashlib
import hmac
import struct
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Annotated

from pydantic import SecretStr, StringConstraints

from services.problem import Problem

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_PLACE = struct.Struct(">q16s")
_SEAL_BYTES = 24
_CHARS = (_PLACE.size + _SEAL_BYTES) // 3 * 4
CursorText = Annotated[
    str, StringConstraints(min_length=_CHARS, max_length=_CHARS, pattern=r"^[A-Za-z0-9_-]*$")
]


@dataclass(frozen=True)
class Place:
    """The last row that a reader has seen.

    Attributes:
        created_at: To the microsecond, as PostgreSQL keeps it.
        id: Tells apart rows of the same microsecond.
    """

    created_at: datetime
    id: uuid.UUID


class Cursors:
    """Makes and opens the cursors of one list: a path, a user, filters.

    Args:
        secret: What every instance of the service shares.
        listing: Names the list; a cursor of another one is refused.
    """

    def __init__(self, secret: SecretStr, listing: str) -> None:
        self._key = hmac.digest(secret.get_secret_value().encode(), b"cursor", hashlib.sha256)
        self._listing = listing.encode()

    def seal(self, place: Place) -> str:
        age_us = (place.created_at - _EPOCH) // _MICROSECOND
        packed = _PLACE.pack(age_us, place.id.bytes)
        return base64.urlsafe_b64encode(packed + self._seal(packed)).decode()

    def open(self, cursor: str) -> Place:
        """Reads a cursor, which has the form of `CursorText`.

        Raises:
            Problem: 422, for any that we did not make for this very list.
        """
        opened = base64.urlsafe_b64decode(cursor)
        packed, seal = opened[: _PLACE.size], opened[_PLACE.size :]
        if not hmac.compare_digest(seal, self._seal(packed)):
            raise Problem(422, "cursor: take it from next_cursor of this list, filters unchanged.")
        age_us, key = _PLACE.unpack(packed)
        return Place(_EPOCH + age_us * _MICROSECOND, uuid.UUID(bytes=key))

    def _seal(self, packed: bytes) -> bytes:
        return hmac.digest(self._key, packed + self._listing, hashlib.sha256)[:_SEAL_BYTES]

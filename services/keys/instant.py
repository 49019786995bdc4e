"""A moment in time, as requests name it."""

import re
from datetime import UTC, datetime
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator

_RFC3339 = re.compile(
    r"\d{4}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}:\d{2}(\.\d{1,9})?([Zz]|[+-]\d{2}:\d{2})", re.ASCII
)
_FIRST, _LAST = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)


def _is_rfc3339(value: Any) -> Any:
    # Left alone, pydantic takes numbers and other notations too.
    if isinstance(value, str) and _RFC3339.fullmatch(value):
        return value
    raise ValueError("must be a date and time with its offset, such as 2030-01-31T12:00:00Z")


def _in_utc(value: datetime) -> datetime:
    try:
        moment = value.astimezone(UTC)
    except OverflowError:
        moment = _FIRST
    # asyncpg takes the first and the last moment for PostgreSQL's infinities.
    if not _FIRST < moment < _LAST:
        raise ValueError("must be later than the year 1 began, and before 9999 ends, in UTC")
    return moment


Instant = Annotated[datetime, BeforeValidator(_is_rfc3339), AfterValidator(_in_utc)]

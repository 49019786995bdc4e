"""What the lists take after the question mark."""

import uuid

from pydantic import Field
from pydantic.json_schema import SkipJsonSchema

from services.keys.models import ShortText
from services.page import PageQuery

# A query can leave a parameter out, but has no way to say null.
Absent = SkipJsonSchema[None]


class SecretQuery(PageQuery):
    """Which secrets."""

    team_id: uuid.UUID | Absent = Field(
        None, description="This team's instead of the caller's own."
    )
    folder_id: uuid.UUID | Absent = None
    environment: ShortText | Absent = None
    tag: list[ShortText] = Field([], max_length=20, description="Repeatable; all must match.")


class ExpiringQuery(PageQuery):
    """How soon."""

    days: int = Field(30, ge=0, le=3650, description="From now; what has expired is always in.")


class FolderQuery(PageQuery):
    """Whose folders."""

    team_id: uuid.UUID | Absent = Field(
        None, description="This team's instead of the caller's own."
    )


class AuditQuery(PageQuery):
    """Which secret's history."""

    secret_id: uuid.UUID

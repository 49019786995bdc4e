"""Who a secret, a folder or an audit entry belongs to: a user or a team, and for good."""

import uuid
from dataclasses import dataclass
from typing import Literal

from sqlalchemy import ColumnElement

from services.tables import AuditEntry, Folder, Secret

OwnerKind = Literal["user", "team"]
Owned = Secret | Folder | AuditEntry


@dataclass(frozen=True)
class Owner:
    """A user or a team."""

    kind: OwnerKind
    id: uuid.UUID

    @classmethod
    def of(cls, row: Owned) -> "Owner":
        if row.owner_team_id is not None:
            return cls("team", row.owner_team_id)
        assert row.owner_user_id is not None  # the table has a constraint for it
        return cls("user", row.owner_user_id)

    def columns(self) -> dict[str, uuid.UUID]:
        """The owner as a row stores it."""
        return {f"owner_{self.kind}_id": self.id}

    def owns(self, table: type[Owned]) -> ColumnElement[bool]:
        """The condition for rows of this owner."""
        if self.kind == "team":
            return table.owner_team_id == self.id
        return table.owner_user_id == self.id

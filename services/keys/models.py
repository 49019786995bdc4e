"""What goes over the wire."""

import uuid
from datetime import datetime
from typing import Annotated, Any, Literal, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    JsonValue,
    StringConstraints,
    model_validator,
)

from services.keys.ciphertext import Ciphertext
from services.keys.instant import Instant
from services.keys.owner import Owned, Owner, OwnerKind
from services.page import Page
from services.text import NO_NUL, ShortName

ID = "7f0c2f3e-6f0e-4b8e-9b0a-0d4c1c8f5a11"
CIPHERTEXT = "bm9uY2Utb2YtMTJiY2lwaGVydGV4dC1hbmQtMTYtdGFn"
SECRET: dict[str, JsonValue] = {
    "name": "Stripe live key",
    "encrypted_value": CIPHERTEXT,
    "type": "api_key",
    "environment": "production",
    "tags": ["billing"],
    "expires_at": "2030-01-31T12:00:00Z",
    "rotation_reminder_days": 14,
}


def _unique(tags: list[str]) -> list[str]:
    if len(set(tags)) < len(tags):
        raise ValueError("must name each tag once")
    return tags


def _whole(number: object) -> object:
    """To JSON Schema `14.0` is an integer, so it is one here."""
    is_whole = isinstance(number, float) and number.is_integer()
    return int(number) if is_whole else number  # type: ignore[call-overload]  # a float


ShortText = Annotated[str, StringConstraints(min_length=1, max_length=64, pattern=NO_NUL)]
Kind = Literal["api_key", "cert", "other"]
Action = Literal["create", "view", "update", "delete", "share"]
ReminderDays = Annotated[int, Field(strict=True, ge=0, le=3650), BeforeValidator(_whole)]
Tags = Annotated[
    list[ShortText],
    Field(max_length=20, json_schema_extra={"uniqueItems": True}),
    AfterValidator(_unique),
]


class OwnedBy(BaseModel):
    """What belongs to a user or a team."""

    owner_type: OwnerKind
    owner_id: uuid.UUID

    @classmethod
    def of(cls, row: Owned, **more: Any) -> Self:
        owner = Owner.of(row)
        stored = {name: getattr(row, name) for name in cls.model_fields if hasattr(row, name)}
        return cls.model_validate(
            {**stored, "owner_type": owner.kind, "owner_id": owner.id, **more}
        )


class NewOwned(BaseModel):
    """Whose a new thing will be; this never changes."""

    owner_type: OwnerKind = "user"
    owner_id: uuid.UUID | None = Field(
        None, description="The team, for `team`; for `user` the caller, or left out."
    )

    @model_validator(mode="after")
    def _team_is_named(self) -> Self:
        if self.owner_type == "team" and self.owner_id is None:
            raise ValueError("owner_id must name the team")
        return self


class SecretContent(BaseModel):
    """All that can change in a secret. What is left out gets its default, also on `PUT`."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": dict(SECRET)})

    name: ShortName
    encrypted_value: Ciphertext
    type: Kind
    environment: ShortText | None = None
    folder_id: uuid.UUID | None = Field(None, description="A folder of the same owner.")
    tags: Tags = []
    expires_at: Instant | None = Field(
        None, description="With its offset, in the years 1 to 9999; kept in UTC."
    )
    rotation_reminder_days: ReminderDays | None = Field(
        None, description="How many days before `expires_at` the reminder is due."
    )


class NewSecret(SecretContent, NewOwned):
    """A secret to be kept."""


class SecretSummary(OwnedBy):
    """A secret without its ciphertext."""

    id: uuid.UUID
    name: str
    type: Kind
    environment: str | None
    folder_id: uuid.UUID | None
    tags: list[str]
    expires_at: datetime | None
    rotation_reminder_days: int | None
    created_at: datetime
    updated_at: datetime


class SecretWithValue(SecretSummary):
    """A secret with its ciphertext."""

    encrypted_value: str = Field(description="Base64, as bytes were given.")


class ExpiringSecret(SecretSummary):
    """A secret whose time is running out."""

    expires_at: datetime
    days_until_expiry: int = Field(description="Whole days, rounded down: negative once past.")
    reminder_due: bool = Field(
        description="Now ≥ `expires_at` less `rotation_reminder_days`; without these never."
    )


class SecretPage(Page):
    items: list[SecretSummary]


class ExpiringPage(Page):
    items: list[ExpiringSecret]


class FolderContent(BaseModel):
    """All that can change in a folder. Without `parent_folder_id` it is at the root."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": {"name": "Payments"}})

    name: ShortName
    parent_folder_id: uuid.UUID | None = Field(None, description="A folder of the same owner.")


class NewFolder(FolderContent, NewOwned):
    """A folder to be made."""


class FolderDocument(OwnedBy):
    """A folder."""

    id: uuid.UUID
    name: str
    parent_folder_id: uuid.UUID | None
    created_at: datetime


class FolderPage(Page):
    items: list[FolderDocument]


class AuditEntryDocument(OwnedBy):
    """Who did what to a secret, and when."""

    id: uuid.UUID
    action: Action
    secret_id: uuid.UUID
    actor_id: uuid.UUID | None = Field(description="Null once the user is deleted.")
    created_at: datetime


class AuditPage(Page):
    items: list[AuditEntryDocument]

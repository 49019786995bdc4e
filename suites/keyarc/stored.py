"""What keys stores: secrets, folders, and who did what."""

from collections.abc import Callable
from datetime import datetime
from typing import ClassVar, Literal, TypeVar
from uuid import UUID

import httpx
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from harness.errors import ContractViolation
from suites.keyarc.answer import Answer, Base64, body

Kind = Literal["api_key", "cert", "other"]
OwnerType = Literal["user", "team"]
Action = Literal["create", "view", "update", "delete", "share"]


class Draft(BaseModel):
    """What a caller sends; what is left out is not sent, and so gets the service's default."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    def wire(self) -> dict[str, object]:
        return self.model_dump(mode="json", exclude_unset=True)


class SecretContent(Draft):
    """All of a secret that can change. `rotation_reminder_days`: before `expires_at`."""

    name: str
    encrypted_value: str = Field(repr=False)
    type: Kind
    environment: str | None = None
    folder_id: UUID | None = None
    tags: list[str] = []
    expires_at: datetime | None = None
    rotation_reminder_days: int | None = None


class NewSecret(SecretContent):
    """A secret to be kept; `owner_id` for a team."""

    owner_type: OwnerType
    owner_id: UUID | None = None


class FolderContent(Draft):
    """All of a folder that can change."""

    name: str
    parent_folder_id: UUID | None = None


class NewFolder(FolderContent):
    """A folder to be made; `owner_id` for a team."""

    owner_type: OwnerType
    owner_id: UUID | None = None


class Owned(Answer):
    """Something that a user or a team has."""

    id: UUID
    owner_type: OwnerType
    owner_id: UUID


class AnySecret(Owned):
    """What every answer says of a secret."""

    name: str
    type: Kind
    environment: str | None
    folder_id: UUID | None
    tags: list[str]
    expires_at: AwareDatetime | None
    rotation_reminder_days: int | None
    created_at: AwareDatetime


class ListedSecret(AnySecret):
    """A secret in a list."""

    never: ClassVar[frozenset[str]] = frozenset({"encrypted_value"})


class ExpiringSecret(ListedSecret):
    """A secret in the list of those that expire."""

    expires_at: AwareDatetime
    days_until_expiry: int
    reminder_due: bool


class KeptSecret(AnySecret):
    """A secret as creating and changing it answer. `etag` is from the header."""

    etag: str = ""


class Secret(KeptSecret):
    """A secret with its ciphertext."""

    encrypted_value: Base64


class Folder(Owned):
    """A folder."""

    name: str
    parent_folder_id: UUID | None


class AuditEntry(Answer):
    """Who did what; `actor_id` is None once that user is deleted."""

    action: Action
    secret_id: UUID
    actor_id: UUID | None
    created_at: AwareDatetime


S = TypeVar("S", bound=KeptSecret)


def tagged(model: type[S]) -> Callable[[httpx.Response], S]:
    """Reads a secret with its `ETag`, which must be there and strong (RFC 9110, 8.8.3)."""

    def read(response: httpx.Response) -> S:
        etag = response.headers.get("etag", "")
        if not (len(etag) > 2 and etag.startswith('"') and etag.endswith('"')):
            raise ContractViolation("ETag of a secret", expected="a strong one", came=repr(etag))
        return body(model)(response).model_copy(update={"etag": etag})

    return read

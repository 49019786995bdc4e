"""The service keys, behind the gateway: secrets, folders, the audit log."""

from uuid import UUID

from suites.keyarc.answer import Page, body
from suites.keyarc.call import Call, nothing
from suites.keyarc.client import Client, Sender, operation
from suites.keyarc.stored import (
    AuditEntry,
    ExpiringSecret,
    Folder,
    FolderContent,
    KeptSecret,
    ListedSecret,
    NewFolder,
    NewSecret,
    Secret,
    SecretContent,
    tagged,
)

SECRETS = "/keys/secrets"
FOLDERS = "/keys/folders"


class Keys(Client[Sender]):
    """Its calls. The sender is the gateway."""

    @operation
    def secrets(
        self,
        *,
        team_id: UUID | None = None,
        folder_id: UUID | None = None,
        tags: list[str] | None = None,
        environment: str | None = None,
        limit: int | None = None,
        cursor: str | None = None,
    ) -> Call[Page[ListedSecret]]:
        """The caller's own, or a team's; `tags` must all match."""
        return Call(
            method="GET",
            path=SECRETS,
            status=200,
            read=body(Page[ListedSecret]),
            headers=self.authorization,
            params={
                "team_id": _text(team_id),
                "folder_id": _text(folder_id),
                "tag": tags,
                "environment": environment,
                "limit": limit,
                "cursor": cursor,
            },
        )

    @operation
    def create(self, secret: NewSecret, *, idempotency_key: str | None = None) -> Call[KeptSecret]:
        return Call(
            method="POST",
            path=SECRETS,
            status=201,
            read=tagged(KeptSecret),
            headers={**self.authorization, "Idempotency-Key": idempotency_key},
            json=secret.wire(),
        )

    @operation
    def secret(self, secret_id: UUID) -> Call[Secret]:
        return Call(
            method="GET",
            path=f"{SECRETS}/{secret_id}",
            status=200,
            read=tagged(Secret),
            headers=self.authorization,
        )

    @operation
    def update(
        self, secret_id: UUID, content: SecretContent, *, if_match: str | None
    ) -> Call[KeptSecret]:
        """Replaces all but the owner. `if_match`: the ETag of the version that is known."""
        return Call(
            method="PUT",
            path=f"{SECRETS}/{secret_id}",
            status=200,
            read=tagged(KeptSecret),
            headers={**self.authorization, "If-Match": if_match},
            json=content.wire(),
        )

    @operation
    def delete(self, secret_id: UUID) -> Call[None]:
        return Call(
            method="DELETE",
            path=f"{SECRETS}/{secret_id}",
            status=204,
            read=nothing,
            headers=self.authorization,
        )

    @operation
    def expiring(
        self, *, days: int | None = None, limit: int | None = None, cursor: str | None = None
    ) -> Call[Page[ExpiringSecret]]:
        """Own and team secrets that have expired or will within `days`."""
        return Call(
            method="GET",
            path=f"{SECRETS}/expiring",
            status=200,
            read=body(Page[ExpiringSecret]),
            headers=self.authorization,
            params={"days": days, "limit": limit, "cursor": cursor},
        )

    @operation
    def folders(
        self,
        *,
        team_id: UUID | None = None,
        limit: int | None = None,
        cursor: str | None = None,
    ) -> Call[Page[Folder]]:
        return Call(
            method="GET",
            path=FOLDERS,
            status=200,
            read=body(Page[Folder]),
            headers=self.authorization,
            params={"team_id": _text(team_id), "limit": limit, "cursor": cursor},
        )

    @operation
    def create_folder(
        self, folder: NewFolder, *, idempotency_key: str | None = None
    ) -> Call[Folder]:
        return Call(
            method="POST",
            path=FOLDERS,
            status=201,
            read=body(Folder),
            headers={**self.authorization, "Idempotency-Key": idempotency_key},
            json=folder.wire(),
        )

    @operation
    def update_folder(self, folder_id: UUID, content: FolderContent) -> Call[Folder]:
        return Call(
            method="PUT",
            path=f"{FOLDERS}/{folder_id}",
            status=200,
            read=body(Folder),
            headers=self.authorization,
            json=content.wire(),
        )

    @operation
    def delete_folder(self, folder_id: UUID) -> Call[None]:
        return Call(
            method="DELETE",
            path=f"{FOLDERS}/{folder_id}",
            status=204,
            read=nothing,
            headers=self.authorization,
        )

    @operation
    def audit(
        self, *, secret_id: UUID, limit: int | None = None, cursor: str | None = None
    ) -> Call[Page[AuditEntry]]:
        return Call(
            method="GET",
            path="/keys/audit",
            status=200,
            read=body(Page[AuditEntry]),
            headers=self.authorization,
            params={"secret_id": str(secret_id), "limit": limit, "cursor": cursor},
        )


def _text(value: UUID | None) -> str | None:
    return None if value is None else str(value)

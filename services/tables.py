"""The schema: one for the three services that store something."""

import uuid
from datetime import datetime

from sqlalchemy import (
    ARRAY,
    CheckConstraint,
    DateTime,
    ForeignKey,
    Index,
    LargeBinary,
    Text,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

# The time of the statement, not of its transaction: rows of one transaction keep their order.
NOW = func.clock_timestamp()


class Table(DeclarativeBase):
    """Keys are UUIDs, times are UTC."""

    type_annotation_map = {  # noqa: RUF012 - the name and shape that SQLAlchemy reads
        str: Text,
        bytes: LargeBinary,
        datetime: DateTime(timezone=True),
        list[str]: ARRAY(Text),
        dict[str, str]: JSONB,
    }


def _key() -> Mapped[uuid.UUID]:
    return mapped_column(primary_key=True, server_default=func.gen_random_uuid())


def _time() -> Mapped[datetime]:
    return mapped_column(server_default=NOW)


def _one_owner(table: str) -> CheckConstraint:
    return CheckConstraint("num_nonnulls(owner_user_id, owner_team_id) = 1", f"{table}_one_owner")


class User(Table):
    __tablename__ = "users"

    id: Mapped[uuid.UUID] = _key()
    email: Mapped[str] = mapped_column(unique=True)
    display_name: Mapped[str] = mapped_column(server_default="")
    auth_hash: Mapped[str]
    encrypted_vault_key: Mapped[str]
    encrypted_private_key: Mapped[str]
    public_key: Mapped[str]
    created_at: Mapped[datetime] = _time()

    __table_args__ = (CheckConstraint("email = lower(email)", "users_email_lower"),)


class Team(Table):
    __tablename__ = "teams"

    id: Mapped[uuid.UUID] = _key()
    name: Mapped[str]
    created_at: Mapped[datetime] = _time()


class Membership(Table):
    __tablename__ = "team_memberships"

    team_id: Mapped[uuid.UUID] = mapped_column(
        ForeignKey("teams.id", ondelete="CASCADE"), primary_key=True
    )
    user_id: Mapped[uuid.UUID] = mapped_column(
        ForeignKey("users.id", ondelete="CASCADE"), primary_key=True, index=True
    )
    role: Mapped[str]
    encrypted_team_key: Mapped[str]
    created_at: Mapped[datetime] = _time()

    __table_args__ = (
        CheckConstraint("role IN ('owner', 'admin', 'member')", "team_memberships_role"),
    )


class _Owned:
    """Belongs to a user or to a team, and goes with it."""

    owner_user_id: Mapped[uuid.UUID | None] = mapped_column(
        ForeignKey("users.id", ondelete="CASCADE")
    )
    owner_team_id: Mapped[uuid.UUID | None] = mapped_column(
        ForeignKey("teams.id", ondelete="CASCADE")
    )


class Folder(_Owned, Table):
    __tablename__ = "folders"

    id: Mapped[uuid.UUID] = _key()
    name: Mapped[str]
    parent_folder_id: Mapped[uuid.UUID | None] = mapped_column(
        ForeignKey("folders.id", ondelete="SET NULL"), index=True
    )
    created_at: Mapped[datetime] = _time()

    __table_args__ = (
        _one_owner("folders"),
        Index("folders_of_user", "owner_user_id", "created_at", "id"),
        Index("folders_of_team", "owner_team_id", "created_at", "id"),
    )


class Secret(_Owned, Table):
    __tablename__ = "secrets"

    id: Mapped[uuid.UUID] = _key()
    name: Mapped[str]
    encrypted_value: Mapped[bytes]
    type: Mapped[str]
    environment: Mapped[str | None]
    folder_id: Mapped[uuid.UUID | None] = mapped_column(
        ForeignKey("folders.id", ondelete="SET NULL"), index=True
    )
    tags: Mapped[list[str]] = mapped_column(server_default=text("'{}'"))
    expires_at: Mapped[datetime | None]
    rotation_reminder_days: Mapped[int | None]
    version: Mapped[int] = mapped_column(server_default="1")
    created_at: Mapped[datetime] = _time()
    updated_at: Mapped[datetime] = _time()

    __table_args__ = (
        _one_owner("secrets"),
        CheckConstraint("type IN ('api_key', 'cert', 'other')", "secrets_type"),
        Index("secrets_of_user", "owner_user_id", "created_at", "id"),
        Index("secrets_of_team", "owner_team_id", "created_at", "id"),
    )


class AuditEntry(_Owned, Table):
    """Who did what to a secret. It survives the secret, so that `secret_id` is no foreign key."""

    __tablename__ = "audit_log"

    id: Mapped[uuid.UUID] = _key()
    action: Mapped[str]
    secret_id: Mapped[uuid.UUID]
    actor_id: Mapped[uuid.UUID | None] = mapped_column(
        ForeignKey("users.id", ondelete="SET NULL"), index=True
    )
    created_at: Mapped[datetime] = _time()

    __table_args__ = (
        _one_owner("audit_log"),
        CheckConstraint(
            "action IN ('create', 'view', 'update', 'delete', 'share')", "audit_log_action"
        ),
        Index("audit_log_of_secret", "secret_id", "created_at", "id"),
        Index("audit_log_of_user", "owner_user_id"),
        Index("audit_log_of_team", "owner_team_id"),
    )


class IdempotencyKey(Table):
    """The first answer to a request, to be given again."""

    __tablename__ = "idempotency_keys"

    user_id: Mapped[uuid.UUID] = mapped_column(
        ForeignKey("users.id", ondelete="CASCADE"), primary_key=True
    )
    path: Mapped[str] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(primary_key=True)
    body_sha256: Mapped[bytes]
    status: Mapped[int]
    headers: Mapped[dict[str, str]]
    body: Mapped[bytes]
    created_at: Mapped[datetime] = _time()


class SchemaRevision(Table):
    """Each migration's number, and the oldest revision of the code that it still serves."""

    __tablename__ = "schema_revisions"

    revision: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    oldest_compatible: Mapped[int]
    applied_at: Mapped[datetime] = _time()

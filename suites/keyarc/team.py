"""Users and teams, as account shows them."""

from typing import ClassVar, Literal
from uuid import UUID

from pydantic import AwareDatetime, Field

from suites.keyarc.answer import Answer, Base64

Role = Literal["owner", "admin", "member"]

PRIVATE = frozenset({"auth_hash", "encrypted_vault_key", "encrypted_private_key"})


class FoundUser(Answer):
    """Another user: enough to share a key with them."""

    never: ClassVar[frozenset[str]] = PRIVATE

    user_id: UUID
    email: str
    public_key: Base64


class Profile(FoundUser):
    """What a user shows of themselves."""

    display_name: str


class Team(Answer):
    """A team; `role` is the caller's own."""

    team_id: UUID
    name: str
    role: Role
    created_at: AwareDatetime


class Member(Answer):
    """A user in a team."""

    never: ClassVar[frozenset[str]] = PRIVATE

    user_id: UUID
    email: str
    role: Role


class TeamWithMembers(Team):
    """A team, all who are in it, and the caller's own copy of its key."""

    encrypted_team_key: Base64
    members: list[Member] = Field(min_length=1)

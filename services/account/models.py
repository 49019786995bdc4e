"""What goes over the wire."""

import uuid
from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from services.page import Page
from services.text import DisplayName, Email, EncryptedTeamKey, ShortName

Role = Literal["owner", "admin", "member"]

TEAM_KEY = "dGVhbS1rZXktdW5kZXItUlNBLU9BRVAt" * 10 + "dGVhbS1rZXktdW5kZXItUg=="
USER_ID = "5f0c6d0e-3a5b-4f57-9d5e-7a6c1f0b2e11"


def _body(**example: Any) -> ConfigDict:
    """A body that a client sends: unknown members are refused."""
    return ConfigDict(extra="forbid", json_schema_extra={"example": example})


class Profile(BaseModel):
    """What a user shows of themselves."""

    user_id: uuid.UUID
    email: str
    display_name: str
    public_key: str = Field(description="Base64 of an SPKI.")


class ChangedProfile(BaseModel):
    """The one thing of a profile that can change."""

    model_config = _body(display_name="Ada")

    display_name: DisplayName


class FoundUser(BaseModel):
    """A user, as others may see them: enough to share a key with them."""

    user_id: uuid.UUID
    email: str
    public_key: str = Field(description="Base64 of an SPKI.")


class NewTeam(BaseModel):
    """A team, and its key for the one who creates it."""

    model_config = _body(name="Platform", encrypted_team_key=TEAM_KEY)

    name: ShortName
    encrypted_team_key: EncryptedTeamKey = Field(description="Base64 of 256 bytes.")


class RenamedTeam(BaseModel):
    """The one thing of a team that can change."""

    model_config = _body(name="Infrastructure")

    name: ShortName


class Team(BaseModel):
    """A team, as one of its members sees it."""

    team_id: uuid.UUID
    name: str
    role: Role = Field(description="The caller's own.")
    created_at: datetime


class Member(BaseModel):
    """A user in a team."""

    user_id: uuid.UUID
    email: str
    display_name: str
    role: Role
    created_at: datetime = Field(description="When they were added.")


class TeamWithMembers(Team):
    """A team, all who are in it, and the caller's own copy of its key."""

    encrypted_team_key: str
    members: list[Member] = Field(description="In the order in which they were added.")


class _NewMember(BaseModel):
    role: Role
    encrypted_team_key: EncryptedTeamKey = Field(
        description="The team key under the new member's public key: base64 of 256 bytes."
    )


class NewMemberById(_NewMember):
    """A user to add, by id."""

    model_config = _body(user_id=USER_ID, role="member", encrypted_team_key=TEAM_KEY)

    user_id: uuid.UUID


class NewMemberByEmail(_NewMember):
    """A user to add, by email."""

    model_config = _body(email="ada@example.org", role="member", encrypted_team_key=TEAM_KEY)

    email: Email


NewMember = NewMemberById | NewMemberByEmail


class ChangedRole(BaseModel):
    """The one thing of a membership that can change."""

    model_config = _body(role="admin")

    role: Role


class TeamPage(Page):
    """Some of the caller's teams."""

    items: list[Team]

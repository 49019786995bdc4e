"""The service account, behind the gateway: profiles, teams, members."""

from uuid import UUID

from suites.keyarc.answer import Page, body
from suites.keyarc.call import Call, nothing
from suites.keyarc.client import Client, Sender, operation
from suites.keyarc.team import FoundUser, Member, Profile, Role, Team, TeamWithMembers

PROFILE = "/account/profile"
TEAMS = "/account/teams"


class Account(Client[Sender]):
    """Its calls. The sender is the gateway."""

    @operation
    def profile(self) -> Call[Profile]:
        return Call(
            method="GET",
            path=PROFILE,
            status=200,
            read=body(Profile),
            headers=self.authorization,
        )

    @operation
    def rename(self, *, display_name: str) -> Call[Profile]:
        return Call(
            method="PUT",
            path=PROFILE,
            status=200,
            read=body(Profile),
            headers=self.authorization,
            json={"display_name": display_name},
        )

    @operation
    def leave(self) -> Call[None]:
        """Deletes the caller and all that only they own."""
        return Call(
            method="DELETE", path=PROFILE, status=204, read=nothing, headers=self.authorization
        )

    @operation
    def search(self, *, email: str) -> Call[FoundUser]:
        return Call(
            method="GET",
            path="/account/users/search",
            status=200,
            read=body(FoundUser),
            headers=self.authorization,
            params={"email": email},
        )

    @operation
    def teams(self, *, limit: int | None = None, cursor: str | None = None) -> Call[Page[Team]]:
        return Call(
            method="GET",
            path=TEAMS,
            status=200,
            read=body(Page[Team]),
            headers=self.authorization,
            params={"limit": limit, "cursor": cursor},
        )

    @operation
    def create_team(
        self, *, name: str, encrypted_team_key: str, idempotency_key: str | None = None
    ) -> Call[Team]:
        return Call(
            method="POST",
            path=TEAMS,
            status=201,
            read=body(Team),
            headers={**self.authorization, "Idempotency-Key": idempotency_key},
            json={"name": name, "encrypted_team_key": encrypted_team_key},
        )

    @operation
    def team(self, team_id: UUID) -> Call[TeamWithMembers]:
        return Call(
            method="GET",
            path=f"{TEAMS}/{team_id}",
            status=200,
            read=body(TeamWithMembers),
            headers=self.authorization,
        )

    @operation
    def rename_team(self, team_id: UUID, *, name: str) -> Call[Team]:
        return Call(
            method="PUT",
            path=f"{TEAMS}/{team_id}",
            status=200,
            read=body(Team),
            headers=self.authorization,
            json={"name": name},
        )

    @operation
    def delete_team(self, team_id: UUID) -> Call[None]:
        return Call(
            method="DELETE",
            path=f"{TEAMS}/{team_id}",
            status=204,
            read=nothing,
            headers=self.authorization,
        )

    @operation
    def add_member(
        self,
        team_id: UUID,
        *,
        user: UUID | str,
        role: Role,
        encrypted_team_key: str,
        idempotency_key: str | None = None,
    ) -> Call[Member]:
        """`user`: an id, or an email."""
        named = {"user_id": str(user)} if isinstance(user, UUID) else {"email": user}
        return Call(
            method="POST",
            path=f"{TEAMS}/{team_id}/members",
            status=201,
            read=body(Member),
            headers={**self.authorization, "Idempotency-Key": idempotency_key},
            json={**named, "role": role, "encrypted_team_key": encrypted_team_key},
        )

    @operation
    def change_role(self, team_id: UUID, user_id: UUID, *, role: Role) -> Call[Member]:
        return Call(
            method="PUT",
            path=f"{TEAMS}/{team_id}/members/{user_id}",
            status=200,
            read=body(Member),
            headers=self.authorization,
            json={"role": role},
        )

    @operation
    def remove_member(self, team_id: UUID, user_id: UUID) -> Call[None]:
        return Call(
            method="DELETE",
            path=f"{TEAMS}/{team_id}/members/{user_id}",
            status=204,
            read=nothing,
            headers=self.authorization,
        )

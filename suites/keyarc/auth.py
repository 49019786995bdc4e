"""The service auth: accounts, and the tokens that prove them."""

from typing import Annotated
from uuid import UUID

from pydantic import AwareDatetime, Field, StringConstraints

from suites.keyarc.answer import Answer, Base64, body
from suites.keyarc.call import Call
from suites.keyarc.client import Client, Sender, operation
from suites.keyarc.cryptography import LockedKeys


class SignedUp(Answer):
    """A new user."""

    user_id: UUID
    created_at: AwareDatetime


class AccessToken(Answer):
    """What proves a login. `expires_in`: seconds."""

    access_token: str = Field(min_length=1, repr=False)
    token_type: Annotated[str, StringConstraints(pattern="^[Bb]earer$")]
    expires_in: int = Field(gt=0)


class LoggedIn(AccessToken):
    """A login, with the user's keys as signup stored them."""

    encrypted_vault_key: Base64
    encrypted_private_key: Base64
    public_key: Base64


class Auth(Client[Sender]):
    """Its calls. `refresh` needs a token."""

    @operation
    def signup(self, *, email: str, auth_hash: str, keys: LockedKeys) -> Call[SignedUp]:
        return Call(
            method="POST",
            path="/signup",
            status=201,
            read=body(SignedUp),
            json={"email": email, "auth_hash": auth_hash, **keys.wire()},
        )

    @operation
    def login(self, *, email: str, auth_hash: str) -> Call[LoggedIn]:
        return Call(
            method="POST",
            path="/login",
            status=200,
            read=body(LoggedIn),
            json={"email": email, "auth_hash": auth_hash},
        )

    @operation
    def refresh(self) -> Call[AccessToken]:
        return Call(
            method="POST",
            path="/token/refresh",
            status=200,
            read=body(AccessToken),
            headers=self.authorization,
        )

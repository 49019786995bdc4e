"""What goes over the wire."""

import uuid
from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from services.text import AuthHash, Email, EncryptedKey, PublicKey

AUTH_HASH = "YXV0aC1oYXNoLW9mLXRoZS1wYXNzd29yZC0zMi1ieXQ="
ENCRYPTED_KEY = "bm9uY2Utb2YtMTJiY2lwaGVydGV4dC1hbmQtMTYtdGFn"
PUBLIC_KEY = "c3ViamVjdC1wdWJsaWMta2V5LWluZm8tb2YtYW4tUlNBLWtleS0="


class Credentials(BaseModel):
    """Who wants in. The auth hash is derived from the password, which stays with the client."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"example": {"email": "ada@example.org", "auth_hash": AUTH_HASH}},
    )

    email: Email = Field(description="ASCII; stored lower-case, compared without case.")
    auth_hash: AuthHash = Field(description="Base64 of 32 bytes.")


class Signup(Credentials):
    """A new user, and the keys that only they can use."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "email": "ada@example.org",
                "auth_hash": AUTH_HASH,
                "encrypted_vault_key": ENCRYPTED_KEY,
                "encrypted_private_key": ENCRYPTED_KEY,
                "public_key": PUBLIC_KEY,
            }
        }
    )

    encrypted_vault_key: EncryptedKey = Field(description="Base64 of nonce + ciphertext + tag.")
    encrypted_private_key: EncryptedKey = Field(description="Base64 of nonce + ciphertext + tag.")
    public_key: PublicKey = Field(description="Base64 of an SPKI.")


class SignedUp(BaseModel):
    """The user that now exists."""

    user_id: uuid.UUID
    created_at: datetime


class AccessToken(BaseModel):
    """A token for the `Authorization` header (RFC 6749, 5.1)."""

    access_token: str
    token_type: Literal["Bearer"] = "Bearer"  # noqa: S105 - a kind, not a secret
    expires_in: int = Field(description="Seconds from now.")


class LoggedIn(AccessToken):
    """A token, and the user's keys."""

    encrypted_vault_key: str
    encrypted_private_key: str
    public_key: str

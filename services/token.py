"""The access token: a JWT (RFC 7519), HS256 and nothing else."""

import time
import uuid
from dataclasses import dataclass

import jwt

from services.problem import Problem
from services.settings import Secret

ISSUER = "keyarc-auth"
ALGORITHM = "HS256"
REQUIRED = ["sub", "email", "iss", "aud", "iat", "exp", "auth_time", "jti"]


@dataclass(frozen=True)
class Claims:
    """Who the token speaks of.

    Attributes:
        user_id: The user.
        email: Their email, lower-case.
        auth_time: When they logged in with their hash, in seconds since the epoch; refreshing
            the token keeps it.
    """

    user_id: uuid.UUID
    email: str
    auth_time: int


class TokenIssuer:
    """Signs and checks tokens of one environment."""

    def __init__(self, secret: Secret, environment: str) -> None:
        self._secret = secret.get_secret_value()
        self._audience = environment

    def issue(self, claims: Claims, ttl_s: int) -> str:
        now = int(time.time())
        payload = {
            "sub": str(claims.user_id),
            "email": claims.email,
            "iss": ISSUER,
            "aud": self._audience,
            "iat": now,
            "exp": now + ttl_s,
            "auth_time": claims.auth_time,
            "jti": str(uuid.uuid4()),
        }
        return jwt.encode(payload, self._secret, algorithm=ALGORITHM)

    def check(self, authorization: str | None) -> Claims:
        """Reads the `Authorization` header of a request.

        Raises:
            Problem: 401, in the same words whatever is wrong with the token.
        """
        scheme, _, token = (authorization or "").partition(" ")
        if scheme.lower() != "bearer":
            raise _refusal()
        try:
            payload = jwt.decode(
                token.strip(),
                self._secret,
                algorithms=[ALGORITHM],
                audience=self._audience,
                issuer=ISSUER,
                options={"require": REQUIRED},
            )
            return Claims(
                uuid.UUID(payload["sub"]), str(payload["email"]), int(payload["auth_time"])
            )
        except (jwt.PyJWTError, ValueError, TypeError):
            raise _refusal() from None


def _refusal() -> Problem:
    return Problem(401, "A valid access token is needed.")

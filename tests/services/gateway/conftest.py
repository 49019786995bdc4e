"""A gateway before two servers that a test scripts."""

import time
import uuid
from collections.abc import Callable
from typing import Any

import httpx
import jwt
import pytest
from fastapi import FastAPI
from pydantic import SecretStr

from services.gateway.app import create
from services.gateway.settings import GatewaySettings

JWT_SECRET = "a secret of the tests, long enough for HS256"
INTERNAL_TOKEN = "a token of the tests, long enough as well"
USER_ID = uuid.UUID("5f0c6d0e-3a5b-4f57-9d5e-7a6c1f0b2e11")
# Where nobody listens.
NOWHERE = "http://127.0.0.1:1"

Gateway = Callable[..., httpx.Client]


def settings(**changed: Any) -> GatewaySettings:
    return GatewaySettings(
        **{
            "environment": "dev",
            "release_id": "r1",
            "instance_id": "i1",
            "jwt_secret": SecretStr(JWT_SECRET),
            "internal_token": SecretStr(INTERNAL_TOKEN),
            "account_url": NOWHERE,
            "keys_url": NOWHERE,
            **changed,
        }
    )


def payload(**changed: Any) -> dict[str, Any]:
    """What a valid token holds; a name set to None is left out."""
    now = int(time.time())
    whole = {
        "sub": str(USER_ID),
        "email": "ada@example.org",
        "iss": "keyarc-auth",
        "aud": "dev",
        "iat": now,
        "exp": now + 3600,
        "auth_time": now,
        "jti": str(uuid.uuid4()),
        **changed,
    }
    return {name: value for name, value in whole.items() if value is not None}


def bearer(secret: str = JWT_SECRET, algorithm: str = "HS256", **changed: Any) -> dict[str, str]:
    return {"Authorization": f"Bearer {jwt.encode(payload(**changed), secret, algorithm)}"}


@pytest.fixture
def gateway(serve: Callable[[FastAPI], httpx.Client]) -> Gateway:
    """Starts a gateway with these settings changed."""

    def start(**changed: Any) -> httpx.Client:
        return serve(create(settings(**changed)))

    return start

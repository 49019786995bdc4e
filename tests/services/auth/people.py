"""Users to be, with well-formed blobs for keys: the server cannot tell."""

import base64
import itertools
from random import Random
from typing import Any

_random = Random(2)
_numbers = itertools.count()


def blob(count: int) -> str:
    """Base64 of so many bytes."""
    return base64.b64encode(_random.randbytes(count)).decode()


def person(**changes: Any) -> dict[str, Any]:
    """The body of a signup, of an email that no other test has."""
    return {
        "email": f"user-{next(_numbers)}@example.org",
        "auth_hash": blob(32),
        "encrypted_vault_key": blob(60),
        "encrypted_private_key": blob(1245),
        "public_key": blob(294),
        **changes,
    }


def credentials(someone: dict[str, Any]) -> dict[str, Any]:
    return {"email": someone["email"], "auth_hash": someone["auth_hash"]}

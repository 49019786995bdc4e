"""The ciphertext of a secret: base64 on the wire, bytes in the database."""

import base64
import binascii
from typing import Annotated, Any

from pydantic import BeforeValidator, WithJsonSchema

from services.problem import Problem

# AES-256-GCM's nonce (12) and tag (16), around nothing.
MIN_BYTES = 28
MAX_BYTES = 64 * 1024


def encode(ciphertext: bytes) -> str:
    return base64.b64encode(ciphertext).decode()


def _decode(value: Any) -> bytes:
    """Raises a problem and no `ValueError`: the contract wants 400 here, before any 422."""
    try:
        decoded = base64.b64decode(value, validate=True) if isinstance(value, str) else b""
    except (binascii.Error, ValueError):
        decoded = b""
    if not MIN_BYTES <= len(decoded) <= MAX_BYTES:
        raise Problem(400, f"encrypted_value: must be base64 of {MIN_BYTES} to {MAX_BYTES} bytes.")
    return decoded


Ciphertext = Annotated[
    bytes,
    BeforeValidator(_decode),
    WithJsonSchema(
        {
            "type": "string",
            "contentEncoding": "base64",
            "minLength": -(-MIN_BYTES // 3) * 4,
            "maxLength": -(-MAX_BYTES // 3) * 4,
            "pattern": "^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$",
            "description": "Base64 of nonce + ciphertext + tag, 28 bytes to 64 KiB; "
            "anything else is 400.",
        }
    ),
]

"""Random values as the contract wants them: the server cannot tell them from ciphertext."""

import base64
import hashlib
from random import Random

SIZE_BYTES = 48


def ciphertext(chance: Random, *, size_bytes: int = SIZE_BYTES) -> str:
    """Base64 of as many bytes."""
    return base64.b64encode(chance.randbytes(size_bytes)).decode()


def mark(value: str) -> str:
    """What a value is called in findings: short, and no other one's."""
    return hashlib.sha256(value.encode()).hexdigest()[:10]

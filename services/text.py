"""Kinds of text that a service takes, with the limits that its OpenAPI document shows."""

import base64
import binascii
from typing import Annotated

from pydantic import AfterValidator, StringConstraints

# PostgreSQL cannot store NUL; pydantic refuses lone surrogates by itself.
NO_NUL = r"^[^\u0000]*$"


def _base64_decoded(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise ValueError("must be base64") from None


class Base64Length:
    """Refuses text that is not base64 of `least` to `most` bytes."""

    def __init__(self, least: int, most: int) -> None:
        self.least, self.most = least, most

    def __call__(self, text: str) -> str:
        if not self.least <= len(_base64_decoded(text)) <= self.most:
            raise ValueError(f"must be {self.least} to {self.most} bytes in base64")
        return text


def _base64_constraints(least: int, most: int) -> StringConstraints:
    return StringConstraints(
        min_length=-(-least // 3) * 4,
        max_length=-(-most // 3) * 4,
        pattern=r"^[A-Za-z0-9+/]+={0,2}$",
    )


Email = Annotated[
    str,
    StringConstraints(
        max_length=254,
        to_lower=True,
        pattern=r"^[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*$",
    ),
]
AuthHash = Annotated[str, _base64_constraints(32, 32), AfterValidator(Base64Length(32, 32))]
# AES-256-GCM: 12 bytes of nonce and 16 of tag around the ciphertext.
EncryptedKey = Annotated[str, _base64_constraints(28, 8192), AfterValidator(Base64Length(28, 8192))]
PublicKey = Annotated[str, _base64_constraints(32, 4096), AfterValidator(Base64Length(32, 4096))]
# RSA-OAEP under 2048 bits.
EncryptedTeamKey = Annotated[
    str, _base64_constraints(256, 256), AfterValidator(Base64Length(256, 256))
]
DisplayName = Annotated[str, StringConstraints(max_length=100, pattern=NO_NUL)]
ShortName = Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=NO_NUL)]

"""The cryptography that a KeyArc client does, so that the server sees ciphertext only."""

import base64
import hashlib
import secrets
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import lru_cache

from harness.errors import ContractViolation, UsageError

AUTH_HASH_ROUNDS = 100_000
KEY_BYTES = 32
NONCE_BYTES = 12
TAG_BYTES = 16
RSA_BITS = 2048
COST_VARIABLE = "KEYARC_ARGON2_COST"


@dataclass(frozen=True, slots=True)
class Cost:
    """What deriving a master key costs. Only tests lower it; `lowered` is for saying so.

    Attributes:
        time: Passes over the memory.
        memory_kib: KiB.
        parallelism: Lanes.
    """

    time: int = 3
    memory_kib: int = 64 * 1024
    parallelism: int = 4

    @property
    def lowered(self) -> bool:
        return self != Cost()

    def __str__(self) -> str:
        return f"{self.time}.{self.memory_kib}.{self.parallelism}"

    @classmethod
    def parse(cls, text: str) -> "Cost":
        """Reads `TIME.MEMORY_KIB.PARALLELISM`, such as `1.64.1`.

        Raises:
            UsageError: It is none.
        """
        parts = text.split(".")
        if len(parts) != 3 or not all(part.isascii() and part.isdigit() for part in parts):
            raise UsageError(f"{text!r} is no cost; write TIME.MEMORY_KIB.PARALLELISM")
        cost = cls(*map(int, parts))
        if cost.parallelism < 1 or cost.time < 1 or cost.memory_kib < 8 * cost.parallelism:
            raise UsageError(f"cost {text}: Argon2 needs TIME 1, PARALLELISM 1, 8 KiB a lane")
        return cost

    @classmethod
    def of_environment(cls, variables: Mapping[str, str]) -> "Cost":
        """The contract's cost, unless the variable `KEYARC_ARGON2_COST` lowers it."""
        text = variables.get(COST_VARIABLE)
        return cls.parse(text) if text else cls()


@lru_cache(maxsize=256)
def master_key(email: str, password: str, cost: Cost) -> bytes:
    """Argon2id of the password, salted with the email in lower case; derived once a process."""
    from argon2.low_level import Type, hash_secret_raw

    return hash_secret_raw(
        password.encode(),
        hashlib.sha256(email.lower().encode()).digest(),
        time_cost=cost.time,
        memory_cost=cost.memory_kib,
        parallelism=cost.parallelism,
        hash_len=KEY_BYTES,
        type=Type.ID,
    )


def auth_hash(master: bytes, password: str) -> str:
    """What proves the password to the server, in base64; PBKDF2-HMAC-SHA256."""
    return _text(hashlib.pbkdf2_hmac("sha256", master, password.encode(), AUTH_HASH_ROUNDS))


def new_key() -> bytes:
    """A vault key or a team key."""
    return secrets.token_bytes(KEY_BYTES)


def encrypt(key: bytes, plaintext: bytes) -> str:
    """AES-256-GCM: base64 of nonce, ciphertext and tag."""
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    nonce = secrets.token_bytes(NONCE_BYTES)
    return _text(nonce + AESGCM(key).encrypt(nonce, plaintext, None))


def decrypt(key: bytes, encrypted: str) -> bytes:
    """What `encrypt` was given.

    Raises:
        ContractViolation: Something was changed on its way, or is under another key.
    """
    from cryptography.exceptions import InvalidTag
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    whole = base64.b64decode(encrypted)
    try:
        return AESGCM(key).decrypt(whole[:NONCE_BYTES], whole[NONCE_BYTES:], None)
    except (InvalidTag, ValueError):
        raise ContractViolation(
            "what was stored comes back", expected="its own ciphertext", came="another"
        ) from None


@dataclass(frozen=True, slots=True)
class LockedKeys:
    """The keys of an account as the server stores them, all base64.

    `encrypted_private_key` is PKCS#8 (DER) and, as `encrypted_vault_key`, under the master key;
    `public_key` is SPKI (DER).
    """

    encrypted_vault_key: str
    encrypted_private_key: str
    public_key: str

    def wire(self) -> dict[str, str]:
        return asdict(self)

    @classmethod
    def random(cls) -> "LockedKeys":
        """Well-formed, and of no use: for those who look at the server alone."""
        return cls(blob(KEY_BYTES), blob(1218), _text(secrets.token_bytes(294)))


def blob(plaintext_bytes: int) -> str:
    """Random bytes in the shape of an encrypted text of this length."""
    return _text(secrets.token_bytes(NONCE_BYTES + plaintext_bytes + TAG_BYTES))


def _text(raw: bytes) -> str:
    return base64.b64encode(raw).decode()

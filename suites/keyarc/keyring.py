"""An account's keys, unlocked; and team keys, shared from one account to another."""

import base64
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from harness.errors import ContractViolation
from suites.keyarc.cryptography import KEY_BYTES, RSA_BITS, LockedKeys, decrypt, encrypt, new_key

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.padding import OAEP
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey


class Stored(Protocol):
    """The keys as the server gives them back at a login."""

    @property
    def encrypted_vault_key(self) -> str: ...
    @property
    def encrypted_private_key(self) -> str: ...


@dataclass(frozen=True)
class Keyring:
    """What only the user can have."""

    vault_key: bytes
    private_key: "RSAPrivateKey"

    @classmethod
    def new(cls) -> "Keyring":
        from cryptography.hazmat.primitives.asymmetric import rsa

        return cls(new_key(), rsa.generate_private_key(65537, RSA_BITS))

    @classmethod
    def unlock(cls, master: bytes, stored: Stored) -> "Keyring":
        """Opens the keys that a login answered with.

        Raises:
            ContractViolation: They are not those that this master key locked.
        """
        from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
        from cryptography.hazmat.primitives.serialization import load_der_private_key

        vault_key = decrypt(master, stored.encrypted_vault_key)
        private = decrypt(master, stored.encrypted_private_key)
        try:
            key = load_der_private_key(private, None)
        except ValueError:
            key = None
        if not isinstance(key, RSAPrivateKey) or len(vault_key) != KEY_BYTES:
            raise ContractViolation(
                "the keys of the account", expected="those of its signup", came="others"
            )
        return cls(vault_key, key)

    def lock(self, master: bytes) -> LockedKeys:
        """The keys as signup sends them."""
        from cryptography.hazmat.primitives import serialization as form

        private = self.private_key.private_bytes(
            form.Encoding.DER, form.PrivateFormat.PKCS8, form.NoEncryption()
        )
        public = self.private_key.public_key().public_bytes(
            form.Encoding.DER, form.PublicFormat.SubjectPublicKeyInfo
        )
        return LockedKeys(
            encrypt(master, self.vault_key),
            encrypt(master, private),
            base64.b64encode(public).decode(),
        )

    def open_team_key(self, encrypted: str) -> bytes:
        """The team key that somebody encrypted for this user.

        Raises:
            ContractViolation: It was encrypted for somebody else, or changed on its way.
        """
        try:
            return self.private_key.decrypt(base64.b64decode(encrypted), _oaep())
        except ValueError:
            raise ContractViolation(
                "the team key", expected="one under the member's public key", came="another"
            ) from None


def share(team_key: bytes, public_key: str) -> str:
    """A team key for the owner of a public key (base64 SPKI): 256 bytes in base64.

    Raises:
        ContractViolation: The server gave no RSA public key.
    """
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
    from cryptography.hazmat.primitives.serialization import load_der_public_key

    try:
        key = load_der_public_key(base64.b64decode(public_key))
    except ValueError:
        key = None
    if not isinstance(key, RSAPublicKey):
        raise ContractViolation("a user's public key", expected="RSA, as SPKI", came="another")
    return base64.b64encode(key.encrypt(team_key, _oaep())).decode()


def _oaep() -> "OAEP":
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import padding

    return padding.OAEP(padding.MGF1(hashes.SHA256()), hashes.SHA256(), None)

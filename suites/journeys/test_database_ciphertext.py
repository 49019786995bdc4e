"""Whoever has the database has no secret: it holds ciphertext, and hashes of what proves who one
is."""

import secrets
from base64 import b64decode
from uuid import uuid4

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from harness.check import expect
from suites.journeys.crew import Crew, kept, secret
from suites.keyarc.database import Database
from suites.keyarc.person import Person
from suites.keyarc.plaintexts import found

pytestmark = pytest.mark.needs("database")


def test_no_plaintext_is_stored(crew: Crew, admin: Person, database: Database) -> None:
    """Of all that a client keeps to itself, nothing is in any column of any table: neither as it
    is nor encoded."""
    own, shared = (f"sk_live_{secrets.token_hex(16)}".encode() for _ in range(2))
    crew.admit(admin, "admin")
    mine = kept(crew.owner, own)
    theirs = admin.keys.create(
        secret(crew.key, shared, name=admin.named("shared"), owner_type="team", owner_id=crew.id),
        idempotency_key=str(uuid4()),
    )
    stored = database.rows("SELECT count(*) FROM secrets WHERE id = ANY($1)", [mine.id, theirs.id])
    expect("the secrets are in this database", expected=[(2,)], came=stored)
    known = {
        "a secret of one's own": own,
        "a secret of a team": shared,
        "a team key": crew.key,
        **_of(crew.owner, "its owner"),
        **_of(admin, "an admin"),
    }
    expect("plaintexts in the database", expected=[], came=found(database, known))
    crew.owner.keys.delete(mine.id)


def _of(person: Person, who: str) -> dict[str, bytes]:
    """What only this person's client has, and what proves to the server who they are."""
    auth_hash = person.identity.auth_hash()
    known = {
        "password": person.identity.password.encode(),
        "master key": person.identity.master_key(),
        "vault key": person.keyring.vault_key,
        "auth hash": b64decode(auth_hash),
        "auth hash as sent": auth_hash.encode(),
        "access token": person.token.encode(),
        **_private_parts(person.keyring.private_key),
    }
    return {f"{what} of {who}": value for what, value in known.items()}


def _private_parts(key: RSAPrivateKey) -> dict[str, bytes]:
    """The numbers of a private key that its public key does not tell."""
    numbers = key.private_numbers()
    parts = {"p": numbers.p, "q": numbers.q, "d": numbers.d}
    return {
        f"private key's {name}": number.to_bytes(-(-number.bit_length() // 8))
        for name, number in parts.items()
    }

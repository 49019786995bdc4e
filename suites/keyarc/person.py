"""A test user with real keys, who signs up, logs in, and is gone at the end."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import cache
from uuid import UUID

from harness.check import expect
from suites.keyarc import deadline
from suites.keyarc.account import Account
from suites.keyarc.auth import Auth
from suites.keyarc.caller import Caller
from suites.keyarc.cryptography import LockedKeys, new_key
from suites.keyarc.identity import Identity
from suites.keyarc.keyring import Keyring
from suites.keyarc.removal import USER, leave, remove
from suites.keyarc.visit import Visit


@dataclass
class Person(Caller):
    """Somebody who is logged in.

    Attributes:
        keyring: What their own client has unlocked with their password.
        is_gone: They have been deleted.
    """

    visit: Visit = field(repr=False)
    id: UUID
    identity: Identity
    token: str = field(repr=False)
    keyring: Keyring = field(repr=False)
    public_key: str = field(repr=False)
    is_gone: bool = False

    def with_token(self, token: str) -> "Person":
        """The same user, asking with another access token."""
        self.visit.secrets.register(token)
        return replace(self, token=token)

    def named(self, what: str) -> str:
        """A name for something that they make."""
        return self.visit.named(what)

    def leave(self) -> None:
        """Deletes them with all that is theirs, once."""
        if not self.is_gone:
            account = Account(self.visit.targets["gateway"], self.token)
            self.visit.loop.run(leave(account))
            self.has_left()

    def has_left(self) -> None:
        """They are gone, whoever saw to it."""
        self.is_gone = True
        self.visit.journal.removed(USER, self.identity.email)


@contextmanager
def present(visit: Visit, *, quick: bool = False) -> Iterator[Person]:
    """A new user, who leaves at the end with the token at hand: logins are few.

    Args:
        quick: Their keys are those of all who are quick, and locked for nobody: good for what is
            about the server alone.
    """
    identity = visit.new_identity(quick=quick)
    visit.secrets.register(identity.password)
    visit.journal.created(USER, identity.email)
    person: Person | None = None
    try:
        person = (_slip_in if quick else _enter)(visit, identity)
        yield person
    finally:
        with deadline.of_removal().kept():
            if person is None:
                # Refused or unanswered, they may still have been made.
                visit.loop.run(remove(visit.targets, identity))
                visit.journal.removed(USER, identity.email)
            else:
                person.leave()


def _enter(visit: Visit, identity: Identity) -> Person:
    """Signs up with new keys, logs in, and unlocks what comes back."""
    auth, auth_hash = Auth(visit.clients["auth"]), identity.auth_hash()
    visit.secrets.register(auth_hash)
    locked = Keyring.new().lock(identity.master_key())
    signed_up = auth.signup(email=identity.email, auth_hash=auth_hash, keys=locked)
    session = auth.login(email=identity.email, auth_hash=auth_hash)
    visit.secrets.register(session.access_token)
    came = LockedKeys(
        session.encrypted_vault_key, session.encrypted_private_key, session.public_key
    )
    expect("the keys of the signup come back", expected=locked, came=came)
    keyring = Keyring.unlock(identity.master_key(), session)
    return Person(
        visit=visit,
        id=signed_up.user_id,
        identity=identity,
        token=session.access_token,
        keyring=keyring,
        public_key=session.public_key,
    )


def _slip_in(visit: Visit, identity: Identity) -> Person:
    """Signs up and logs in, without the cost of keys."""
    auth, auth_hash, keyring = Auth(visit.clients["auth"]), identity.auth_hash(), _anybodys()
    visit.secrets.register(auth_hash)
    locked = keyring.lock(new_key())
    signed_up = auth.signup(email=identity.email, auth_hash=auth_hash, keys=locked)
    token = auth.login(email=identity.email, auth_hash=auth_hash).access_token
    visit.secrets.register(token)
    return Person(visit, signed_up.user_id, identity, token, keyring, locked.public_key)


@cache
def _anybodys() -> Keyring:
    return Keyring.new()

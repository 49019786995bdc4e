"""What the smoke checks share."""

import os
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from uuid import UUID

from harness.check import expect, resource, step
from harness.environment import Environment
from harness.journal import Journal
from harness.redaction import Redactor
from harness.target import Target
from suites.keyarc.account import Account
from suites.keyarc.auth import Auth
from suites.keyarc.cryptography import LockedKeys
from suites.keyarc.identity import Identities, Identity, is_on_this_machine
from suites.keyarc.removal import USER, remove, remove_left
from suites.keyarc.stored_users import remove_stored

# What else is of this suite: how to remove what a killed run left.
__all__ = ["other_user", "remove_left", "remove_stored", "user"]

Targets = Mapping[str, Target]


@dataclass(frozen=True)
class User:
    """A user who is logged in."""

    id: UUID
    identity: Identity
    run_id: str
    token: str = field(repr=False)

    def named(self, what: str) -> str:
        """A name for something that they make: it tells which run made it."""
        return f"{what} {self.run_id}"


@resource(writes=True)
async def user(
    environment: Environment, targets: Targets, journal: Journal, secrets: Redactor
) -> AsyncIterator[User]:
    """A user signs up and logs in, and can be deleted."""
    async with _entered(targets, journal, _identity(environment, journal, secrets)) as entered:
        secrets.register(entered.token)
        yield entered


@resource(writes=True)
async def other_user(
    environment: Environment, targets: Targets, journal: Journal, secrets: Redactor
) -> AsyncIterator[User]:
    """A second user, whom the first one's secrets are none of the business of."""
    async with _entered(targets, journal, _identity(environment, journal, secrets)) as entered:
        secrets.register(entered.token)
        yield entered


def _identity(environment: Environment, journal: Journal, secrets: Redactor) -> Identity:
    identities = Identities.of_environment(os.environ, loopback=is_on_this_machine(environment))
    identity = identities.new(journal.run_id)
    for secret in (identity.password, identity.auth_hash()):
        secrets.register(secret)
    return identity


@asynccontextmanager
async def _entered(targets: Targets, journal: Journal, identity: Identity) -> AsyncIterator[User]:
    """A new user, deleted at the end with the token at hand: logins are few."""
    journal.created(USER, identity.email)
    try:
        entered = await _enter(targets["auth"], identity, journal.run_id)
    except BaseException:
        # Refused or unanswered, it may still have been made.
        with step("delete the user, should there be one"):
            await remove(targets, identity)
            journal.removed(USER, identity.email)
        raise
    yield entered
    with step("delete the user"):
        await Account(targets["gateway"], entered.token).leave()
        journal.removed(USER, identity.email)


async def _enter(target: Target, identity: Identity, run_id: str) -> User:
    """Signs up and logs in."""
    auth, keys = Auth(target), LockedKeys.random()
    who = {"email": identity.email, "auth_hash": identity.auth_hash()}
    with step("signup"):
        signed_up = await auth.signup(**who, keys=keys)
    with step("login"):
        session = await auth.login(**who)
        came = LockedKeys(
            session.encrypted_vault_key, session.encrypted_private_key, session.public_key
        )
        expect("the keys of the signup come back", expected=keys, came=came)
    return User(signed_up.user_id, identity, run_id, session.access_token)

"""What the smoke checks share."""

import os
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field

from harness.check import expect, resource, step
from harness.environment import Environment
from harness.records import Journal
from harness.redaction import Redactor
from harness.target import Target
from suites.keyarc.account import Account
from suites.keyarc.auth import Auth
from suites.keyarc.cryptography import LockedKeys
from suites.keyarc.identity import Identities, Identity, is_on_this_machine
from suites.keyarc.removal import remove


@dataclass(frozen=True)
class User:
    """A user who is logged in."""

    identity: Identity
    token: str = field(repr=False)


@resource
async def user(
    environment: Environment, targets: Mapping[str, Target], journal: Journal, secrets: Redactor
) -> AsyncIterator[User]:
    """A user signs up and logs in, and can be deleted."""
    identities = Identities.of_environment(os.environ, loopback=is_on_this_machine(environment))
    identity = identities.new()
    for secret in (identity.password, identity.auth_hash()):
        secrets.register(secret)
    journal.created("user", identity.email)
    try:
        token = await _enter(targets["auth"], identity)
        secrets.register(token)
    except BaseException:
        # Refused or unanswered, it may still have been made.
        await _gone(targets, identity, journal)
        raise
    yield User(identity, token)
    with step("delete the user"):
        await Account(targets["gateway"], token).leave()
        journal.removed("user", identity.email)


async def _enter(target: Target, identity: Identity) -> str:
    """Signs up and logs in; the access token."""
    auth, keys = Auth(target), LockedKeys.random()
    who = {"email": identity.email, "auth_hash": identity.auth_hash()}
    with step("signup"):
        await auth.signup(**who, keys=keys)
    with step("login"):
        session = await auth.login(**who)
        came = LockedKeys(
            session.encrypted_vault_key, session.encrypted_private_key, session.public_key
        )
        expect("the keys of the signup come back", expected=keys, came=came)
    return session.access_token


async def _gone(targets: Mapping[str, Target], identity: Identity, journal: Journal) -> None:
    with step("delete the user, should there be one"):
        await remove(targets, identity)
        journal.removed("user", identity.email)

"""The users of a system that is about to be broken: signed up while all is well."""

import os
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from harness.runner import Means
from harness.target import Target
from suites.keyarc.account import Account
from suites.keyarc.auth import Auth
from suites.keyarc.cryptography import LockedKeys
from suites.keyarc.identity import Identities, Identity, is_on_this_machine
from suites.keyarc.keys import Keys
from suites.keyarc.removal import USER, leave, remove


@dataclass(frozen=True, slots=True)
class Person:
    """A user who is logged in.

    Attributes:
        keys_of: What the service keeps for them.
        token: Good for two hours, whatever becomes of the services meanwhile.
    """

    identity: Identity
    targets: Mapping[str, Target]
    keys_of: LockedKeys
    token: str = field(repr=False)

    @property
    def credentials(self) -> dict[str, str]:
        return {"email": self.identity.email, "auth_hash": self.identity.auth_hash()}

    @property
    def auth(self) -> Auth[Target]:
        return Auth(self.targets["auth"], self.token)

    @property
    def account(self) -> Account[Target]:
        return Account(self.targets["gateway"], self.token)

    @property
    def keys(self) -> Keys[Target]:
        return Keys(self.targets["gateway"], self.token)


@asynccontextmanager
async def person(means: Means) -> AsyncIterator[Person]:
    """Signs up and logs in; deleted at the end with all that is theirs."""
    loopback = is_on_this_machine(means.environment)
    identity = Identities.of_environment(os.environ, loopback=loopback).new(means.journal.run_id)
    for secret in (identity.password, identity.auth_hash()):
        means.secrets.register(secret)
    targets, keys = means.targets(), LockedKeys.random()
    who = {"email": identity.email, "auth_hash": identity.auth_hash()}
    means.journal.created(USER, identity.email)
    entered: Person | None = None
    try:
        auth = Auth(targets["auth"])
        await auth.signup(**who, keys=keys)
        token = (await auth.login(**who)).access_token
        means.secrets.register(token)
        entered = Person(identity, targets, keys, token)
        yield entered
    finally:
        if entered is not None:
            await leave(entered.account)
        else:
            # Refused or unanswered, they may still have been made.
            await remove(targets, identity)
        means.journal.removed(USER, identity.email)

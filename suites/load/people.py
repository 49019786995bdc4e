"""The users of a run: signed up before it, and gone after it."""

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field

import httpx

from harness.exchange import tls_context
from harness.journal import Journal
from suites.keyarc.account import Account
from suites.keyarc.answer import body
from suites.keyarc.auth import Auth, LoggedIn
from suites.keyarc.cryptography import LockedKeys
from suites.keyarc.identity import Identities, Identity, is_on_this_machine
from suites.keyarc.removal import USER
from suites.keyarc.visit import journalled
from suites.load.place import Place

LIMIT_S = 10.0


@dataclass(frozen=True)
class Credentials:
    """What somebody logs in with."""

    email: str
    auth_hash: str = field(repr=False)

    def wire(self) -> dict[str, str]:
        return {"email": self.email, "auth_hash": self.auth_hash}


@contextmanager
def people(place: Place, count: int) -> Iterator[list[Credentials]]:
    """So many users, with all that they keep until the end.

    Raises:
        ContractViolation, NoData, httpx.TransportError: One cannot sign up, or be removed.
    """
    loopback = is_on_this_machine(place.environment)
    identities = Identities.of_environment(os.environ, loopback=loopback)
    context = tls_context(place.ca_file)
    with (
        journalled(place.env, place.environment) as journal,
        httpx.Client(base_url=place.url("auth"), verify=context, timeout=LIMIT_S) as auth,
        httpx.Client(base_url=place.url("gateway"), verify=context, timeout=LIMIT_S) as gateway,
        ExitStack() as stack,
    ):
        yield [
            stack.enter_context(_someone(identities.new(journal.run_id), journal, auth, gateway))
            for _ in range(count)
        ]


@contextmanager
def _someone(
    identity: Identity, journal: Journal, auth: httpx.Client, gateway: httpx.Client
) -> Iterator[Credentials]:
    credentials = Credentials(identity.email, identity.auth_hash())
    journal.created(USER, identity.email)
    try:
        Auth(auth).signup(
            email=identity.email, auth_hash=credentials.auth_hash, keys=LockedKeys.random()
        )
        yield credentials
    finally:
        # Refused or unanswered, they may still have been made.
        login = Auth(auth).login.answer(email=identity.email, auth_hash=credentials.auth_hash)
        if login.status_code != 401:
            Account(gateway, body(LoggedIn)(login).access_token).leave()
        journal.removed(USER, identity.email)

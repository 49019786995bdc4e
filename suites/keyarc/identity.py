"""Test users. Whoever knows the seed can log in as any of them, knowing nothing but the email.

    verify-20260102t030405z-9f3a1c-2b7d5e6f7a-1c9e4b-quick@keyarc-verify.test
           run                     random     seed   derivation

The email says which run it is of, which seed it was made under and how its auth hash is derived, so
what a killed run left behind can be removed with the journal and the seed alone.
"""

import base64
import hashlib
import hmac
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field

from harness.ending import is_loopback
from harness.environment import Environment
from harness.errors import UsageError
from suites.keyarc import cryptography
from suites.keyarc.cryptography import Cost

SEED_VARIABLE = "KEYARC_IDENTITY_SEED"
DOMAIN = "keyarc-verify.test"
QUICK = "quick"
MIN_SEED_BYTES = 16
# Good for systems of this machine only, which nobody else can reach.
LOOPBACK_SEED = "identities on loopback, which are no secret"

_EMAIL = re.compile(
    r"verify-(?P<run>[0-9a-z-]{1,24})-[0-9a-f]{10}"
    r"-(?P<seed>[0-9a-f]{6})-(?P<derivation>quick|\d+\.\d+\.\d+)"
    rf"@{re.escape(DOMAIN)}"
)
_LONGEST_RUN = 24


@dataclass(frozen=True, slots=True)
class Identity:
    """A test user.

    Attributes:
        cost: What its master key costs; None where the auth hash comes of the seed directly, for
            those who look at the server alone.
    """

    email: str
    password: str = field(repr=False)
    cost: Cost | None = None

    def master_key(self) -> bytes:
        return cryptography.master_key(self.email, self.password, self.cost or Cost())

    def auth_hash(self) -> str:
        """What logs this user in: base64 of 32 bytes. Slow unless derived directly."""
        if self.cost is None:
            return base64.b64encode(hashlib.sha256(self.password.encode()).digest()).decode()
        return cryptography.auth_hash(self.master_key(), self.password)


class Identities:
    """Makes test users under one seed, and knows again those that were made under it."""

    def __init__(self, seed: str) -> None:
        if len(seed.encode()) < MIN_SEED_BYTES:
            raise UsageError(f"{SEED_VARIABLE} must have at least {MIN_SEED_BYTES} bytes")
        self._seed = seed.encode()

    @classmethod
    def of_environment(cls, variables: Mapping[str, str], *, loopback: bool) -> "Identities":
        """Under the seed of `KEYARC_IDENTITY_SEED`; a system of this machine needs none.

        Raises:
            UsageError: There is no seed, or it is too short.
        """
        seed = variables.get(SEED_VARIABLE) or (LOOPBACK_SEED if loopback else "")
        if not seed:
            raise UsageError(
                f"the variable {SEED_VARIABLE} is not set: the passwords of test users come of it"
            )
        return cls(seed)

    def new(self, run_id: str, cost: Cost | None = None) -> Identity:
        """A user who does not exist yet.

        Args:
            run_id: The run that they are made by.
            cost: For real keys; None for one who only sends random blobs.
        """
        parts = [
            "verify",
            run_in_email(run_id),
            secrets.token_hex(5),
            self._mark(),
            str(cost or QUICK),
        ]
        return self._identity(f"{'-'.join(parts)}@{DOMAIN}", cost)

    def again(self, email: str) -> Identity:
        """The user of an email that this class has made.

        Raises:
            UsageError: It is no such email, or was made under another seed.
        """
        match = _EMAIL.fullmatch(email)
        if match is None:
            raise UsageError(f"{email} is no test user of ours")
        if match["seed"] != self._mark():
            raise UsageError(f"{email} was made under another seed; set {SEED_VARIABLE} to it")
        derivation = match["derivation"]
        return self._identity(email, None if derivation == QUICK else Cost.parse(derivation))

    def _identity(self, email: str, cost: Cost | None) -> Identity:
        return Identity(email, self._hmac(f"password {email}").hex(), cost)

    def _mark(self) -> str:
        """Tells seeds apart, and nothing about them."""
        return self._hmac("mark").hex()[:6]

    def _hmac(self, text: str) -> bytes:
        return hmac.digest(self._seed, text.encode(), hashlib.sha256)


def run_in_email(run_id: str) -> str:
    """A run's id as the emails of its users have it."""
    return re.sub("[^0-9a-z]", "-", run_id.lower())[:_LONGEST_RUN]


def run_of(email: str) -> str | None:
    """The run that made a test user, as `run_in_email` writes it; None for anybody else's email."""
    match = _EMAIL.fullmatch(email)
    return match["run"] if match else None


def is_on_this_machine(environment: Environment) -> bool:
    """Whether every service that is called answers on loopback; private ones are not called."""
    services = environment.services.values()
    return all(is_loopback(each.url) for each in services if each.visibility == "public")

"""Environment files: what runs where, and what is expected of it.

A file has two halves. `services` says what is verified and where it answers; every environment
has it. `stack` says how the same system is started on this machine; only local ones have it.
Text may hold references: `${env:NAME}` (a variable of the caller), `${stack:WHAT}` (an address
that is known once the stack is up) and `${generated:NAME}` (a secret made at start).
"""

from pydantic import Field

from harness.environment.demo import Demo
from harness.environment.faults import Faults
from harness.environment.identity import Identity
from harness.environment.insight import Insight
from harness.environment.policy import (
    Allowance,
    Command,
    DatabaseLook,
    LedgerPlace,
    Platform,
    Policy,
    Required,
    Slo,
)
from harness.environment.programs import Rehearsal, Stack
from harness.environment.section import HostPort, Name, Section
from harness.environment.service import Service

_PRODUCTION_NAMES = frozenset({"production", "prod", "live"})


class Tls(Section):
    """What a client needs to trust the environment's certificates, and asks of them."""

    ca_file: str | None = None
    min_days_left: int = Field(14, ge=0, description="A certificate must be good for so long.")
    hsts_min_age_s: int = Field(
        15_768_000, ge=1, description="What Strict-Transport-Security must promise: half a year."
    )


class NetworkRules(Section):
    """How names and addresses are reached from here."""

    nameserver: HostPort | None = Field(
        None, description="Asked instead of the system's; private names are looked up there."
    )
    loopback_only: bool = Field(False, description="Nothing beyond this machine is contacted.")


class Environment(Section):
    """One place where the system runs."""

    name: Name
    description: str = ""
    production: bool | None = Field(
        None, description="Assumed where the name is production, prod or live."
    )
    tls: Tls = Tls()
    network: NetworkRules = NetworkRules()
    control_url: str | None = Field(
        None, description="Answers whatever becomes of the system: tells its silence from ours."
    )
    variables: dict[str, str] = Field(
        {}, description="What suites need of the caller's variables, and what each is for."
    )
    identities: dict[Name, Identity] = {}
    suites: list[str] = Field([], description="Packages of checks beside the generic ones.")
    services: dict[Name, Service] = Field(min_length=1)
    checks: dict[str, Allowance] = Field(
        {}, description="By id or pattern (`hsts.*`): checks that are off or advisory, and why."
    )
    required: Required = Required()
    policy: Policy = Policy()
    slo: Slo = Slo()
    faults: Faults = Faults()
    platform: Platform | None = Field(
        None, description="`local` where it is started here and nothing else is said."
    )
    ledger: LedgerPlace = LedgerPlace()
    database: DatabaseLook | None = None
    insight: Insight = Insight()
    stack_of: Name | None = Field(
        None, description="Takes the `stack` of another environment, a file beside this one."
    )
    stack: Stack | None = None
    rehearsal: Rehearsal | None = None
    demo: Demo | None = None

    @property
    def is_production(self) -> bool:
        return self.name in _PRODUCTION_NAMES if self.production is None else self.production

    @property
    def may_write(self) -> bool:
        """Whether checks may make data in it."""
        return not self.is_production if self.policy.write is None else self.policy.write

    def to_look_at(self) -> "Environment":
        """The environment without what only commands of a release use, so that checks can run
        where nobody may deploy: what platform and ledger name of the caller is not asked for."""
        return self.model_copy(update={"platform": None, "ledger": LedgerPlace()})

    @property
    def commands(self) -> list[Command]:
        """Every command of the user's own."""
        look = self.database.command if self.database else None
        of_platform = self.platform.commands.values() if self.platform else ()
        return [*of_platform, *([look] if look else [])]

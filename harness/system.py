"""What a gate asks the system itself, beside its checks: for the rules of a rollback."""

from dataclasses import dataclass

from harness import database
from harness.checks.release import sightings
from harness.deployment import Database
from harness.environment import Environment
from harness.errors import ContractViolation, HarnessError
from harness.exchange import EvidenceClient
from harness.target import Target

# Whatever a service answers, it may say who it is.
_ANY_STATUS = (*range(200, 429), *range(430, 600))


@dataclass(frozen=True, slots=True)
class System:
    """The system in one environment."""

    environment: Environment
    client: EvidenceClient

    async def releases(self) -> set[str]:
        """The releases that instances say they run, those behind others too; silence says none."""
        found: set[str] = set()
        for name, service in self.environment.services.items():
            if service.release.from_ == "none":
                continue
            asked = service.release.via or name
            target = Target(asked, self.environment.services[asked], self.client)
            try:
                answer = await target.get(
                    target.service.health.path, expect=_ANY_STATUS, refusable=True
                )
                seen = sightings(Target(name, service, self.client), answer)
            except (HarnessError, ContractViolation):
                continue
            found |= {one.release for one in seen if one.release}
        return found

    async def database(self) -> Database | None:
        """Which revision the database has; None where the environment declares no way to tell.

        Raises:
            HarnessError: It cannot be told.
        """
        if self.environment.database is None:
            return None
        return await database.look(self.environment, self.client)

    async def unmendable(self) -> str | None:
        """Why no release can have caused the failure; None where one can."""
        return await database.unmendable(self.environment, self.client)

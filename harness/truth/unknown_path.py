"""Is it health that answers, or something that says yes to whatever is asked?"""

import secrets
from collections.abc import Iterator

import httpx
from pydantic import ValidationError

from harness.check import Check
from harness.checks.health import Health
from harness.environment import Environment
from harness.errors import ContractViolation
from harness.model import Excluded
from harness.target import Target
from harness.truth._asking import asked_itself, check, excluded, look


def derive(environment: Environment) -> Iterator[Check | Excluded]:
    """One for each service that can be asked."""
    for name, service in environment.services.items():
        if asked_itself(service):
            yield check("unknown_path", name, not_healthy)
        else:
            reason = f"private: only {service.health.via} reaches it"
            yield excluded("unknown_path", name, reason)


async def not_healthy(target: Target) -> None:
    """A path below health that nobody has is not answered as health is."""
    health = target.service.health
    path = f"{health.path.rstrip('/')}/{secrets.token_hex(8)}"
    response = await target.get(path)
    if health.format == "none":
        same = response.status_code == health.expect_status
        is_health = same and response.content == (await look(target)).content
    else:
        is_health = response.is_success and _says_health(response)
    if is_health:
        raise ContractViolation(
            "a path that does not exist is healthy",
            expected="404, or whatever is no health answer",
            came=f"{response.status_code} with a health answer to GET {path}",
        )


def _says_health(response: httpx.Response) -> bool:
    try:
        Health.model_validate_json(response.content)
    except ValidationError:
        return False
    return True

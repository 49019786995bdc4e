"""Where generated requests may be sent."""

from harness.environment import Environment
from harness.errors import UsageError
from suites.keyarc.identity import is_on_this_machine


def must_be_allowed(environment: Environment) -> None:
    """
    Raises:
        UsageError: Not there.
    """
    if environment.is_production or not environment.may_write:
        raise UsageError(
            f"{environment.name} is no place for generated requests: "
            "it is production, or nothing may be written there"
        )
    is_here = environment.stack is not None or is_on_this_machine(environment)
    if not is_here and not environment.policy.fuzz:
        raise UsageError(
            f"{environment.name} is no place for generated requests: it is not of this machine, "
            "and its file has no `policy: {fuzz: true}`"
        )

"""Where load is put, and how much of it may be.

LOAD_ENV=local   the environment's name, or its file; its stack is up already
"""

import os
from dataclasses import dataclass

from harness.environment import Environment, find, parse, resolve
from harness.errors import UsageError
from harness.stack.state import default_directory, running_references
from suites.keyarc.identity import is_on_this_machine

DEFAULT_ENV = "local"


@dataclass(frozen=True)
class Place:
    """An environment that may be loaded.

    Attributes:
        env: As it was named.
        max_rate: Requests a second, all users together; None where it is of this machine.
    """

    env: str
    environment: Environment
    max_rate: float | None

    def url(self, service: str) -> str:
        return self.environment.services[service].url

    @property
    def ca_file(self) -> str | None:
        return self.environment.tls.ca_file


def place() -> Place:
    """
    Raises:
        UsageError: It cannot be loaded, or must not be.
    """
    env = os.environ.get("LOAD_ENV") or DEFAULT_ENV
    file = find(env)
    declared = parse(file).to_look_at()
    if declared.is_production or not declared.may_write:
        raise UsageError(
            f"{declared.name} is never put under load from here: nothing may be written there"
        )
    references = running_references(default_directory(file.stem))
    if declared.stack is not None and references is None:
        raise UsageError(f"{declared.name} is not up: `keyarc-verify up --env {env}` starts it")
    environment = resolve(declared, references or {}, os.environ)
    allowed = environment.policy.load
    if allowed is None and not is_on_this_machine(environment):
        raise UsageError(
            f"{declared.name} is not of this machine, and its file has no "
            "`policy: {load: {max_rate: 50}}`"
        )
    return Place(env, environment, allowed.max_rate if allowed else None)

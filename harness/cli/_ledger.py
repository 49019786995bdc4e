"""The ledger of an environment, opened with no more than it needs itself."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from harness.environment import Environment, LedgerPlace, find, missing, parse, substitute
from harness.errors import UsageError
from harness.ledger import Ledger, ledger_of
from harness.rehearsal import LEDGER as REHEARSED


@dataclass(frozen=True, slots=True)
class Opened:
    """A ledger, and the name of its environment."""

    name: str
    ledger: Ledger


def opened(env: str, *, rehearse: bool = False) -> Opened:
    """Opens the ledger that an environment declares.

    Args:
        env: The environment as the user named it.
        rehearse: That of its rehearsals instead.

    Raises:
        UsageError: It declares none that can be opened, or a variable that it needs is not set.
    """
    file = find(env)
    environment = parse(file)
    if rehearse:
        environment = environment.model_copy(update={"ledger": REHEARSED})
    settings = environment.ledger.settings
    _must_be_set(environment)
    references = _references(file, settings)
    filled = {}
    for name, value in settings.items():
        try:
            filled[name] = substitute(value, references, os.environ)
        except UsageError as error:
            raise UsageError(f"ledger.settings.{name}: {error}") from None
    place = LedgerPlace(name=environment.ledger.name, settings=filled)
    ledger = ledger_of(environment.model_copy(update={"ledger": place}))
    return Opened(environment.name, ledger)


def _must_be_set(environment: Environment) -> None:
    """What the rest of the file needs is of no matter here."""
    settings = environment.ledger.settings.values()
    absent = [
        each
        for each in missing(environment, os.environ)
        if any(f"${{env:{each.name}}}" in value for value in settings)
    ]
    if absent:
        width = max(len(each.name) for each in absent)
        lines = [
            f"the ledger of {environment.name} cannot be opened from here; nothing was sent",
            "  not set:",
            *(f"    {each.name:<{width}}  {each.purpose}" for each in absent),
            f"  needed: set the variable{'s' if len(absent) > 1 else ''}",
        ]
        raise UsageError("\n".join(lines))


def _references(file: Path, settings: Mapping[str, str]) -> Mapping[str, str]:
    if not any("${stack:" in value or "${generated:" in value for value in settings.values()):
        return {}
    from harness.stack.state import default_directory, running_references

    return running_references(default_directory(file.stem)) or {}

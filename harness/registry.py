"""Plug-ins: one file each, in one package for each kind; the file's name is the plug-in's."""

import pkgutil
from dataclasses import dataclass
from importlib import import_module
from types import ModuleType

from harness.errors import UsageError


@dataclass(frozen=True, slots=True)
class Registry:
    """The plug-ins of one kind.

    Args:
        package: Where their files are, such as `harness.checks`.
        kind: What one of them is called in messages, such as `check`.
    """

    package: str
    kind: str

    def names(self) -> list[str]:
        """Every known name; files that begin with an underscore are none."""
        path = import_module(self.package).__path__
        return sorted(m.name for m in pkgutil.iter_modules(path) if not m.name.startswith("_"))

    def load(self, name: str) -> ModuleType:
        """Imports one.

        Raises:
            UsageError: There is none of this name; lists the known ones.
        """
        known = self.names()
        if name not in known:
            raise UsageError(f"unknown {self.kind} {name!r}; known: {', '.join(known) or 'none'}")
        return import_module(f"{self.package}.{name}")

    def load_all(self) -> dict[str, ModuleType]:
        return {name: self.load(name) for name in self.names()}


CHECKS = Registry("harness.checks", "check")
COMMANDS = Registry("harness.cli", "command group")
REPORTS = Registry("reports", "format")
PLATFORMS = Registry("harness.platforms", "platform")
LEDGERS = Registry("harness.ledger", "ledger")
FAULTS = Registry("harness.faults", "fault")

"""The ledger: which release earned GO where and when, and what became of the others.

Append-only. A file each for where it can be kept; its name is used in environment files.
Each file has `open_ledger(settings, environment)`, which returns a `Ledger`.
"""

from typing import Protocol

from harness.environment import Environment
from harness.ledger._entry import Entry, Event
from harness.ledger._history import History
from harness.registry import LEDGERS

__all__ = ["Entry", "Event", "History", "Ledger", "ledger_of"]


class Ledger(Protocol):
    """The entries of one environment."""

    def entries(self) -> list[Entry]:
        """All of them, the oldest first.

        Raises:
            LedgerError: It cannot be read, or holds something that is no entry: names the place.
        """
        ...

    def append(self, entry: Entry) -> None:
        """Adds one; it is there, whole, when this returns, and survives this machine's crash.

        Raises:
            LedgerError: It cannot be written.
        """
        ...


def ledger_of(environment: Environment) -> Ledger:
    """The ledger that an environment declares.

    Args:
        environment: With its references filled in.

    Raises:
        UsageError: There is no ledger of this name, or its settings cannot be used.
    """
    declared = environment.ledger
    opened: Ledger = LEDGERS.load(declared.name).open_ledger(declared.settings, environment.name)
    return opened

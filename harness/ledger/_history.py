"""What the entries of one environment say, taken together. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from harness.deployment import Vector, same
from harness.ledger._entry import Entry, Event

_VERDICTS = (Event.GO, Event.NO_GO, Event.FORGOTTEN)


@dataclass(frozen=True, slots=True)
class History:
    """The entries of one environment, the oldest first."""

    entries: Sequence[Entry]

    def standing(self, release: str) -> Entry | None:
        """The last word on a release: its GO, its NO_GO, or that it is forgotten."""
        own = [e for e in self.entries if e.release == release and e.event in _VERDICTS]
        return own[-1] if own else None

    def target(self, bad: str | None, running: Vector | None) -> Entry | None:
        """What to go back to: the last GO of a release that still has it.

        Args:
            bad: The release to leave, which is never a target, whatever it once earned.
            running: What runs; going back to that would change nothing.
        """
        for entry in reversed(self.entries):
            if entry.event is not Event.GO or entry.release == bad or same(entry.vector, running):
                continue
            if self.standing(entry.release) is entry:
                return entry
        return None

    def rollback(self, release: str) -> tuple[Entry, Entry | None] | None:
        """The last rollback from a release: its beginning, and its end if it has one.

        A release that has earned GO since is as one that was never rolled back.
        """
        begun: Entry | None = None
        ended: Entry | None = None
        for entry in self.entries:
            if entry.release != release:
                continue
            if entry.event is Event.ROLLBACK_BEGUN:
                begun, ended = entry, None
            elif entry.event is Event.ROLLBACK_ENDED:
                ended = entry
            elif entry.event in (Event.GO, Event.FORGOTTEN):
                begun, ended = None, None
        return (begun, ended) if begun is not None else None

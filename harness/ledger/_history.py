"""What the entries of one environment say, taken together. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from harness.deployment import Vector, same
from harness.ledger._entry import Entry, Event
from harness.model import Action

_VERDICTS = (Event.GO, Event.NO_GO, Event.FORGOTTEN)
# What keeps an earlier GO from being gone back to: who begins to leave a release trusts it no more.
_JUDGING = (*_VERDICTS, Event.ROLLBACK_BEGUN)


@dataclass(frozen=True, slots=True)
class History:
    """The entries of one environment, the oldest first."""

    entries: Sequence[Entry]

    def releases(self) -> list[str]:
        """Every release that something is known of, the one last heard of first."""
        return list(dict.fromkeys(entry.release for entry in reversed(self.entries)))

    def latest(self) -> str | None:
        """The release that runs, as far as the ledger alone can tell; not to decide by."""
        for entry in reversed(self.entries):
            if entry.event is Event.ROLLBACK_ENDED and entry.action == Action.ROLLED_BACK_VERIFIED:
                return entry.target
            if entry.event is not Event.FORGOTTEN:
                return entry.release
        return None

    def standing(self, release: str) -> Entry | None:
        """The last word on a release: its GO, its NO_GO, or that it is forgotten."""
        own = [e for e in self.entries if e.release == release and e.event in _VERDICTS]
        return own[-1] if own else None

    def target(self, bad: str | None, running: Vector | None) -> Entry | None:
        """What to go back to: the last GO of a release that still has it.

        A release has it no more once a rollback away from it has begun, by whomever, until it
        earns GO again; and a GO without a vector is none that anything could be brought back by.

        Args:
            bad: The release to leave, which is never a target, whatever it once earned.
            running: What runs; going back to that would change nothing.
        """
        judged = set() if bad is None else {bad}
        for entry in reversed(self.entries):
            if entry.event not in _JUDGING or entry.release in judged:
                continue
            judged.add(entry.release)
            if entry.event is Event.GO and entry.vector and not same(entry.vector, running):
                return entry
        return None

    def next_target(self) -> Entry | None:
        """What a rollback would go back to now, as far as the ledger alone can tell."""
        latest = self.latest()
        standing = self.standing(latest) if latest is not None else None
        return self.target(latest, standing.vector if standing else None)

    def rollback(self, release: str) -> tuple[Entry, Entry | None] | None:
        """The last rollback from a release: its beginning, and its end if it has one.

        A release that has earned GO since is as one that was never rolled back, and so is one
        that is forgotten since: that is how a person lets it be tried again.
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

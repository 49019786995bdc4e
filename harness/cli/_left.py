"""What the ledger says of a release that is to be left, and of what is gone back to. Pure."""

from dataclasses import replace

from harness.deployment import State
from harness.errors import UsageError
from harness.ledger import Entry, Event, History

_CAME = (Event.DEPLOYED, Event.GO, Event.NO_GO)


def with_go(history: History, release: str) -> Entry:
    """The release that is asked for, which has to have earned GO here.

    Raises:
        UsageError: It has none that still counts; tells which have.
    """
    standing = history.standing(release)
    if standing is not None and standing.event is Event.GO:
        return standing
    good = dict.fromkeys(
        entry.release
        for entry in reversed(history.entries)
        if history.standing(entry.release) is entry and entry.event is Event.GO
    )
    raise UsageError(
        f"{release} has no GO here that still counts; these have: {', '.join(good) or 'none'}"
    )


def judged(history: History, release: str | None, running: State) -> State:
    """What ran when a release was judged since its last deploy; what runs now, where nobody did."""
    own = [each for each in history.entries if each.release == release and each.event in _CAME]
    vector = own[-1].vector if own else {}
    services = {
        name: replace(one, artifacts=(vector[name],)) if name in vector else one
        for name, one in running.services.items()
    }
    return State(services=services)


def came_at(history: History, release: str | None) -> str | None:
    """When a release was deployed: what was deployed after that is newer. None: nobody knows."""
    own = [each for each in history.entries if each.release == release and each.event in _CAME]
    deployed = [each for each in own if each.event is Event.DEPLOYED]
    return (deployed or own)[-1].at if own else None


def verdict_on(history: History, release: str) -> str:
    """The SHA-256 of its last verdict; empty where it has none."""
    standing = history.standing(release)
    return standing.evidence if standing else ""

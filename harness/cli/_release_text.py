"""What a ledger says, as lines for a person."""

from collections.abc import Iterable, Iterator, Sequence

from harness.ledger import Entry, Event, History

_WORDS = {Event.GO: "GO", Event.NO_GO: "NO_GO", Event.FORGOTTEN: "forgotten"}


def table(history: History, environment: str, place: str) -> Iterator[str]:
    """A line for each release, the newest first."""
    releases = history.releases()
    if not releases:
        yield f"the ledger of {environment} is empty: no release has been judged there yet"
        yield f"({place})"
        return
    target = history.next_target()
    width = max(len(release) for release in releases)
    for release in releases:
        standing = history.standing(release)
        last = standing or next(e for e in reversed(history.entries) if e.release == release)
        word = _WORDS[standing.event] if standing else "not judged"
        marks = list(_marks(history, release))
        if target is not None and target.release == release:
            marks.append("rollback target")
        line = f"{release:<{width}}  {word:<10}  {last.at:<24}  {environment}  {'; '.join(marks)}"
        yield line.rstrip()
    yield ""
    yield _about_target(history, target)
    yield f"({place})"


def details(entries: Sequence[Entry]) -> Iterator[str]:
    """Each entry with all that it holds, the oldest first."""
    for entry in entries:
        yield f"{entry.at}  {entry.event.replace('_', ' ')}  {entry.release}"
        yield from (f"  {name:<9} {text}" for name, text in _parts(entry) if text)


def without(release: str, history: History) -> Iterator[str]:
    """What it means that a release has just been forgotten."""
    yield f"{release} is forgotten: no rollback goes to it until it earns GO again"
    yield _about_target(history, history.next_target())


def _about_target(history: History, target: Entry | None) -> str:
    latest = history.latest()
    if target is None:
        return "a rollback has nothing to go back to now: NO_GO would change nothing"
    return f"were {latest} to be left now, a rollback would go to {target.release}"


def _marks(history: History, release: str) -> Iterator[str]:
    attempt = history.rollback(release)
    if attempt is not None:
        begun, ended = attempt
        how = (ended.action or "ended").replace("_", " ") if ended else "not ended"
        yield f"rollback to {begun.target}: {how}"


def _parts(entry: Entry) -> Iterable[tuple[str, str]]:
    yield "run", entry.run_id
    yield "target", entry.target or ""
    yield "action", (entry.action or "").replace("_", " ")
    for service, artifact in entry.vector.items():
        release = f"(release {artifact.release})" if artifact.release else ""
        reference = artifact.reference if artifact.reference != artifact.identity else ""
        yield "artifact", " ".join(filter(None, (service, artifact.identity, reference, release)))
    if entry.database is not None:
        oldest = entry.database.oldest_compatible
        serves = f", serves code from {oldest} on" if oldest else ""
        yield "database", f"revision {entry.database.revision}{serves}"
    yield "evidence", entry.evidence
    yield "why", entry.why

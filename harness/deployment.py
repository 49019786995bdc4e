"""What is deployed where, as platform, ledger and gate speak of it. Plain values.

A release is a *vector*: for each service the artifact that it runs. Two vectors are the same when
the identities of their artifacts are, service by service; names and tags prove nothing.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Artifact:
    """What one instance of a service was started from.

    Attributes:
        identity: A digest, an image id, a version id: equal exactly where the content is.
        reference: By what the platform can get it again; the identity, where it is empty.
        release: The id of the release that it came with, where the platform knows it.
    """

    identity: str
    reference: str = ""
    release: str | None = None


Vector = Mapping[str, Artifact]


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    """One service, as its platform sees it.

    Attributes:
        artifacts: That of each instance. None at all: nothing of it runs.
        serial: The platform's own count of deployments, where it keeps one: who finds another one
            than before knows that somebody has deployed meanwhile.
        changing: An operation on it is under way.
        troubles: What else keeps it from being as it should be, a line each.
    """

    artifacts: tuple[Artifact, ...]
    serial: str | None = None
    changing: bool = False
    troubles: tuple[str, ...] = ()

    @property
    def artifact(self) -> Artifact | None:
        """The one that all instances run; None where they run several, or nothing runs."""
        identities = {artifact.identity for artifact in self.artifacts}
        return self.artifacts[0] if len(identities) == 1 else None


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """What runs now in an environment, by service."""

    services: Mapping[str, Running]

    @property
    def vector(self) -> Vector | None:
        """What all of it runs; None where that is not one artifact for each service."""
        found = {name: running.artifact for name, running in self.services.items()}
        whole = {name: artifact for name, artifact in found.items() if artifact is not None}
        return whole if whole and len(whole) == len(found) else None

    @property
    def releases(self) -> set[str]:
        """Of which releases it is told to be, where the platform knows that."""
        artifacts = [each for running in self.services.values() for each in running.artifacts]
        return {each.release for each in artifacts if each.release is not None}

    @property
    def whole(self) -> Vector | None:
        """The vector, where it is of one release; None where it is half of each, as a deployment
        leaves it that came to no end, be its artifacts those of another release."""
        return self.vector if len(self.releases) < 2 else None

    @property
    def changing(self) -> list[str]:
        """The services that an operation is under way on."""
        return [name for name, running in self.services.items() if running.changing]

    def differences(self, wanted: Vector) -> list[str]:
        """What keeps it from being exactly this vector, whole and at rest; a line each."""
        found = [f"{name} is not there" for name in wanted if name not in self.services]
        for name, running in self.services.items():
            found += _differences(name, running, wanted.get(name))
        return found


def _differences(name: str, running: Running, wanted: Artifact | None) -> Iterable[str]:
    if wanted is None:
        yield f"{name} is no part of it"
        return
    identities = [artifact.identity for artifact in running.artifacts]
    others = [identity for identity in identities if identity != wanted.identity]
    if not identities:
        yield f"{name} does not run"
    elif others:
        count = f"{len(others)} of {len(identities)} instances run" if others else ""
        yield f"{name}: {count} {shown(others[0])}, not {shown(wanted.identity)}"
    if running.changing:
        yield f"{name}: an operation is under way"
    yield from (f"{name}: {trouble}" for trouble in running.troubles)


def same(one: Vector | None, other: Vector | None) -> bool:
    """Whether both are known, and the same."""
    return one is not None and other is not None and _identities(one) == _identities(other)


def shown(identity: str) -> str:
    """An identity, short enough to read: `sha256:0123456789ab`."""
    kind, colon, digest = identity.partition(":")
    return f"{kind}:{digest[:12]}" if colon else identity[:40]


def _identities(vector: Vector) -> dict[str, str]:
    return {name: artifact.identity for name, artifact in vector.items()}


@dataclass(frozen=True, slots=True, kw_only=True)
class Database:
    """Which revision a database has, and the oldest revision of code that it still serves.

    Revisions are ordered: as numbers where both are, else as text.
    """

    revision: str
    oldest_compatible: str | None = None


def compatible(now: Database, target: Database | None) -> str | None:
    """Why code that was good with `target` would not work with the database as it is `now`.

    None where it does: at the same revision, and at a newer one that still serves it.
    """
    if target is None:
        return "cannot tell: nobody wrote down which revision of the database it was good with"
    if _order(now.revision, target.revision) == 0:
        return None
    if _order(now.revision, target.revision) < 0:
        return (
            f"somebody took the database back: it is at {now.revision},"
            f" and the target was good with {target.revision}"
        )
    oldest = now.oldest_compatible
    if oldest is not None and _order(oldest, target.revision) <= 0:
        return None
    serves = (
        f"serves code from {oldest} on" if oldest else "does not say which older code it serves"
    )
    return (
        f"the database is at {now.revision} and {serves};"
        f" the target was good with {target.revision}"
    )


def _order(one: str, other: str) -> int:
    """Below zero where the one comes before the other, zero where they are the same."""
    left, right = _sortable(one, other), _sortable(other, one)
    return (left > right) - (left < right)


def _sortable(revision: str, other: str) -> tuple[int, str]:
    if not all(each.isascii() and each.isdecimal() for each in (revision, other)):
        return 0, revision
    digits = revision.lstrip("0")
    return len(digits), digits

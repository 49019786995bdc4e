"""A stand-in, not Fly: what the stand-in of its API keeps of apps, machines, images, releases."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from typing import Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """One machine of an app.

    Attributes:
        digest: Of the image that it runs.
        release: The version of the release that it was made or changed by.
        state: `started`, `stopped`, `replacing` and so on, as Fly says it.
        host: What Fly says of the host below it: `ok`, `unknown`, `unreachable`.
        healthy: Whether its check passes.
    """

    id: str
    digest: str
    release: int
    state: str = "started"
    host: str = "ok"
    healthy: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Release:
    """One release of an app; `status` is `pending`, `running`, `complete`, `failed` and so on."""

    version: int
    status: str
    image: str
    created_at: str = "2026-01-01T00:00:00Z"


class Backend(Protocol):
    """What the stand-in of the API needs of whatever really runs behind it."""

    def machines(self, app: str) -> Sequence[Machine] | None:
        """Its machines; None where there is no such app."""
        ...

    def images(self, app: str) -> Collection[str]:
        """The digests that its registry still has."""
        ...

    def releases(self, app: str) -> Sequence[Release]:
        """Its releases, the newest last."""
        ...

    def record(self, app: str, release: Release) -> None:
        """Adds a release, or says anew what became of the one of this version."""
        ...

    async def replace(self, app: str, digest: str, machines: Collection[str], release: int) -> None:
        """Has these machines of it run this image, as part of a release; returns once they do.

        It is called for each machine by itself, with the ids of one or of more of them; asked
        again for what runs already, it changes nothing but the release.
        """
        ...


class Memory:
    """Machines, images and releases in memory alone.

    Args:
        machines: How many each app has.
        digests: What each app runs at first, by app: its release 1.
    """

    def __init__(self, digests: dict[str, str], machines: int = 2) -> None:
        self._machines = {
            app: [Machine(id=_id(app, n), digest=digest, release=1) for n in range(machines)]
            for app, digest in digests.items()
        }
        self._images = {app: {digest} for app, digest in digests.items()}
        self._releases = {
            app: [Release(version=1, status="complete", image=reference(app, digest))]
            for app, digest in digests.items()
        }

    def machines(self, app: str) -> Sequence[Machine] | None:
        return self._machines.get(app)

    def images(self, app: str) -> Collection[str]:
        return self._images[app]

    def releases(self, app: str) -> Sequence[Release]:
        return self._releases[app]

    def record(self, app: str, release: Release) -> None:
        known = [old for old in self._releases[app] if old.version != release.version]
        self._releases[app] = sorted([*known, release], key=lambda one: one.version)

    async def replace(self, app: str, digest: str, machines: Collection[str], release: int) -> None:
        self.change(app, *machines, digest=digest, release=release)

    def change(self, app: str, *machines: str, **changes: str | int | bool) -> None:
        """Changes attributes of some of its machines; of all where none is named."""
        self._machines[app] = [
            replace(one, **changes) if not machines or one.id in machines else one  # type: ignore[arg-type]
            for one in self._machines[app]
        ]

    def deploy(self, app: str, digest: str) -> None:
        """As if somebody had deployed this image: one release more, on all machines of it."""
        version = self._releases[app][-1].version + 1
        self._images[app].add(digest)
        self.record(app, Release(version=version, status="complete", image=reference(app, digest)))
        self.change(app, digest=digest, release=version)

    def prune(self, app: str, digest: str) -> None:
        """As if its registry had thrown this image away."""
        self._images[app].discard(digest)

    def forget(self, app: str) -> None:
        """As if there had never been this app."""
        del self._machines[app]

    def remove(self, app: str, machine: str | None = None) -> None:
        """Destroys one of its machines, or all of them."""
        self._machines[app] = [one for one in self._machines[app] if machine not in (None, one.id)]


def reference(app: str, digest: str) -> str:
    """By what an image of an app is asked for."""
    return f"registry.fly.io/{app}@{digest}"


def _id(app: str, number: int) -> str:
    """Fourteen digits and letters, as Fly's ids are; the same for the same app."""
    return f"{sum(map(ord, app)) % 0xFFFF:04x}{len(app):02x}{number:08x}"

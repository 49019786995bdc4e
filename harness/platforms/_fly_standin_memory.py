"""A stand-in, not Fly: what the stand-in of its API keeps of apps, machines, images, releases."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from typing import Any, Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What a machine is to run.

    Attributes:
        digest: Of its image.
        release: The version of the release that it is made or changed by.
        repository: The image's, as `ghcr.io/some/api`; empty for the app's own.
        env: The variables that it is told.
    """

    digest: str
    release: int
    repository: str = ""
    env: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine(Wanted):
    """One machine of an app, and what it runs.

    Attributes:
        state: `started`, `stopped`, `replacing` and so on, as Fly says it.
        host: What Fly says of the host below it: `ok`, `unknown`, `unreachable`.
        healthy: Whether its check passes.
    """

    id: str
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

    async def replace(self, app: str, machines: Collection[str], wanted: Wanted) -> None:
        """Has these machines of it run this; returns once they do.

        It is called for each machine by itself, with the ids of one or of more of them; asked
        again for what runs already, it changes nothing but the release.
        """
        ...

    async def run(self, app: str, command: Sequence[str], wanted: Wanted) -> int:
        """Runs a release command in a machine of its own, to its end: its exit code."""
        ...


class Memory:
    """Machines, images and releases in memory alone.

    Args:
        machines: How many each app has.
        digests: What each app runs at first, by app: its release 1.

    Attributes:
        ran: Each release command that was run, with its app and its machine.
        release_command_ends_with: The exit code of those that come.
    """

    def __init__(self, digests: dict[str, str], machines: int = 2) -> None:
        self.ran: list[tuple[str, str, Wanted]] = []
        self.release_command_ends_with = 0
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

    async def replace(self, app: str, machines: Collection[str], wanted: Wanted) -> None:
        changes = {each.name: getattr(wanted, each.name) for each in fields(Wanted)}
        self.change(app, *machines, **changes)

    async def run(self, app: str, command: Sequence[str], wanted: Wanted) -> int:
        self.ran.append((app, " ".join(command), wanted))
        return self.release_command_ends_with

    def change(self, app: str, *machines: str, **changes: Any) -> None:
        """Changes attributes of some of its machines; of all where none is named."""
        self._machines[app] = [
            replace(one, **changes) if not machines or one.id in machines else one
            for one in self._machines[app]
        ]

    def deploy(self, app: str, digest: str, **env: str) -> None:
        """As if somebody had deployed this image: one release more, on all machines of it."""
        version = self._releases[app][-1].version + 1
        self.push(app, digest)
        self.record(app, Release(version=version, status="complete", image=reference(app, digest)))
        self.change(app, digest=digest, release=version, repository="", env=env)

    def push(self, app: str, digest: str) -> None:
        """As if an image had been built, which its machines can be given from now on."""
        self._images[app].add(digest)

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


def wanted_in(config: Mapping[str, Any]) -> Wanted:
    """What the configuration of a machine says that it is to run."""
    repository, _, digest = str(config["image"]).partition("@")
    return Wanted(
        digest=digest,
        release=int(config["metadata"]["fly_release_version"]),
        repository=repository,
        env=config.get("env") or {},
    )

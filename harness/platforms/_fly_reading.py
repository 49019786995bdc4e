"""What `flyctl` prints as JSON, as values: checked, and taken for no more than it says."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from harness.deployment import Artifact, Running
from harness.errors import PlatformError
from harness.platforms._fly_image import is_digest

_AT_REST = frozenset({"started", "stopped", "suspended", "failed"})
_BEGUN = frozenset({"pending", "running"})


class _Read(BaseModel):
    # What is printed holds the variables of machines: no error shows any of it.
    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)


class Image(_Read):
    registry: str = ""
    repository: str = ""
    digest: str = ""


class Check(_Read):
    name: str = ""
    status: str = ""


class ServicePort(_Read):
    autostop: bool | str | None = None
    checks: list[Any] | None = None


class Config(_Read):
    env: dict[str, str] | None = None
    metadata: dict[str, str] | None = None
    checks: dict[str, Any] | None = None
    services: list[ServicePort] | None = None
    standbys: list[str] | None = None


class Machine(_Read):
    id: str
    state: str
    image_ref: Image
    config: Config | None = None
    incomplete_config: Config | None = None
    checks: list[Check] | None = None
    host_status: str = ""
    cordoned: bool = False

    @property
    def release(self) -> str:
        config = self.config or self.incomplete_config or Config()
        return (config.metadata or {}).get("fly_release_version", "")

    def artifact(self, release_variable: str | None = None) -> Artifact:
        """What it runs, and of which release it is told to be, where it is told that."""
        image = self.image_ref
        if not is_digest(image.digest):
            raise PlatformError(f"Fly does not tell the digest of the image of machine {self.id}")
        reference = f"{image.registry}/{image.repository}@{image.digest}"
        config = self.config or self.incomplete_config or Config()
        told = (config.env or {}).get(release_variable) if release_variable else None
        return Artifact(identity=image.digest, reference=reference, release=told or None)

    def troubles(self, *, checks: bool) -> list[str]:
        """What keeps it from being well; `checks`: it must have health checks."""
        found = []
        if self.host_status != "ok":
            found.append(f"its host is {self.host_status or 'not told of'}")
        if self.cordoned:
            found.append("is cordoned: no requests are sent to it")
        if self.state == "started":
            found += self._check_troubles(needed=checks)
        elif self.state in _AT_REST and not self._may_rest():
            found.append(f"is {self.state}")
        return [f"machine {self.id}: {trouble}" for trouble in found]

    def _may_rest(self) -> bool:
        """Whether Fly stops it when there is nothing to do, or it stands by for another one."""
        config = self.config or Config()
        stops = [one.autostop in (True, "stop", "suspend") for one in config.services or ()]
        idle = bool(stops) and all(stops)
        return self.state in ("stopped", "suspended") and (idle or bool(config.standbys))

    def _check_troubles(self, *, needed: bool) -> list[str]:
        config = self.config or Config()
        declared = len(config.checks or {})
        declared += sum(len(one.checks or ()) for one in config.services or ())
        checks = self.checks or []
        if not checks and declared:
            return ["none of its health checks has been seen"]
        if not checks and needed:
            return ["has no health checks, so that nobody knows whether it is well"]
        failing = [check for check in checks if check.status != "passing"]
        return [f"check {check.name} is {check.status or 'unknown'}" for check in failing]


class Status(_Read):
    name: str = Field(alias="Name")
    machines: list[Machine] | None = Field(alias="Machines")


class Release(_Read):
    version: int = Field(alias="Version", ge=1)
    status: str = Field(alias="Status", min_length=1)
    image: str = Field(alias="ImageRef")
    created_at: datetime = Field(alias="CreatedAt")

    @property
    def artifact(self) -> Artifact | None:
        """None where only a tag is known: what that stands for can change."""
        digest = self.image.rpartition("@")[2]
        if not is_digest(digest):
            return None
        return Artifact(identity=digest, reference=self.image)


def status_of(app: str, printed: object) -> list[Machine]:
    """The machines in what `status` printed.

    Raises:
        PlatformError: It is no status, or another app's.
    """
    try:
        status = Status.model_validate(printed)
    except ValidationError as error:
        raise PlatformError(_not_understood(app, "status", error)) from None
    if status.name != app:
        raise PlatformError(f"asked for the status of {app}, flyctl told of {status.name!r}")
    return status.machines or []


def releases_of(app: str, printed: object) -> list[Release]:
    """What `releases` printed, the newest first.

    Raises:
        PlatformError: It is no list of releases, or an empty one.
    """
    try:
        releases = TypeAdapter(list[Release]).validate_python(printed)
    except ValidationError as error:
        raise PlatformError(_not_understood(app, "releases", error)) from None
    if not releases:
        raise PlatformError(f"flyctl knows of no release of {app}")
    return sorted(releases, key=lambda one: one.version, reverse=True)


def leased_of(app: str, printed: object) -> list[str]:
    """The machines that somebody holds, in what `machine leases view` printed.

    Raises:
        PlatformError: It is no map of leases.
    """
    if not isinstance(printed, Mapping):
        raise PlatformError(f"what flyctl printed of the leases of {app} is not understood")
    return sorted(printed)


def running(
    machines: list[Machine],
    releases: list[Release],
    leased: list[str],
    *,
    checks: bool,
    release_variable: str | None = None,
) -> Running:
    """One app, as all that flyctl printed of it says. `checks`: each machine must have some."""
    newest = releases[0]
    troubles = [line for machine in machines for line in machine.troubles(checks=checks)]
    if machines and not any(machine.state == "started" for machine in machines):
        troubles.append("none of its machines is started")
    versions = sorted({machine.release or "unknown" for machine in machines})
    complete = next((one.version for one in releases if one.status == "complete"), 0)
    if len(versions) > 1 or not all(version.isdecimal() for version in versions):
        troubles.append(f"its machines are of the releases {', '.join(versions)}")
    elif versions and int(versions[0]) < complete:
        troubles.append(f"its machines are of release {versions[0]}, though {complete} is complete")
    return Running(
        artifacts=tuple(machine.artifact(release_variable) for machine in machines),
        serial=str(newest.version),
        changing=(
            newest.status in _BEGUN
            or bool(leased)
            or any(machine.state not in _AT_REST for machine in machines)
        ),
        troubles=tuple(troubles),
    )


def _not_understood(app: str, what: str, error: ValidationError) -> str:
    first = error.errors(include_url=False)[0]
    where = ".".join(map(str, first["loc"])) or "all of it"
    return f"what flyctl printed as {what} of {app} is not understood: {where}: {first['msg']}"

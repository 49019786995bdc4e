"""What a service of a compose project is in, by its containers. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta

from harness.deployment import Artifact, Running
from harness.platforms._compose_reading import Container, Image

# Compose starts what it has made at once, unless it waits for something that this depends on.
_STARTED_WITHIN = timedelta(seconds=60)


def running(
    containers: Sequence[Container],
    project: Sequence[Container],
    images: Mapping[str, Image],
    *,
    now: datetime | None,
    instances: int,
    checks: bool,
) -> Running:
    """One service.

    Args:
        containers: Its own.
        project: All there are.
        images: Those that are here, by their ids.
        now: By the clock of the engine; needed where a container was never started.
        instances: How many there should be.
        checks: Each must have a health check.
    """
    stuck = {one.id: _stuck(one, project, now) for one in containers if one.status == "created"}
    troubles = [
        f"container {one.name.lstrip('/')} {trouble}"
        for one in containers
        for trouble in ([stuck[one.id]] if one.id in stuck else _troubles(one, checks=checks))
        if trouble
    ]
    if containers and len(containers) != instances:
        troubles.append(f"has {len(containers)} containers, and {instances} are declared")
    if len({one.config_hash for one in containers}) > 1:
        troubles.append("has containers of several configurations")
    newest = max(containers, key=lambda one: (one.created, one.id), default=None)
    return Running(
        artifacts=tuple(_artifact(one, images) for one in containers if one.runs),
        serial=newest.id[:12] if newest else None,
        changing=any(
            one.is_starting or one.status == "removing" or stuck.get(one.id) == ""
            for one in containers
        ),
        troubles=tuple(troubles),
    )


def _artifact(container: Container, images: Mapping[str, Image]) -> Artifact:
    image = images.get(container.image)
    return Artifact(
        identity=container.image,
        reference=image.reference(container.configured) if image else container.image,
        release=container.release(),
    )


def _troubles(container: Container, *, checks: bool) -> Iterator[str]:
    if container.status == "restarting":
        yield f"crashes again and again, last with exit code {container.exit_code}"
    elif container.status == "exited":
        yield f"has exited with {container.exit_code}"
    elif container.status != "running":
        yield f"is {container.status}"
    elif container.health in ("", "none"):
        if checks:
            yield "has no health check, so that nobody knows whether it is well"
    elif container.health == "starting" and container.restarts:
        yield f"has crashed {container.restarts} times, and is not healthy yet"
    elif container.health not in ("healthy", "starting"):
        yield f"is {container.health}"


def _stuck(container: Container, project: Sequence[Container], now: datetime | None) -> str:
    """Why it will not be started; nothing where compose may be about to.

    A deployment that fails leaves behind what it has made and not started.
    """
    if container.error:
        return f"could not be started: {container.error}"
    # Where one container of a service cannot be started, compose gives up the others too.
    itself = (container.service, "service_started")
    needed = [
        (one, condition)
        for name, condition in (itself, *_dependencies(container.depends_on or ""))
        for one in project
        if one.service == name
    ]
    failed = sorted({one.service for one, condition in needed if one.has_failed(condition)})
    if failed:
        return f"was not started, because of {', '.join(failed)}"
    if any(one.is_awaited(condition) for one, condition in needed):
        return ""
    is_old = now is not None and now - container.created > _STARTED_WITHIN
    return "was never started" if is_old else ""


def _dependencies(label: str) -> Iterator[tuple[str, str]]:
    """`db:service_healthy:false,cache:service_started:true`"""
    for each in label.split(",") if label else ():
        name, _, rest = each.partition(":")
        yield name, rest.partition(":")[0]

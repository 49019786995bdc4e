"""A stand-in, not Fly: a stack of this machine behind the stand-in of Fly's API.

The machines of an app are the instances of its service, an image is a stored release. A stack
replaces all instances of a service at once, so the first machine of a rollback brings the others.
"""

import asyncio
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

from harness.errors import HarnessError, StackError
from harness.platforms._fly_standin_memory import Machine, Release, Wanted, reference
from harness.stack import control
from harness.stack.releases import store_of


class Stack:
    """A `Backend`.

    Args:
        state_dir: The stack's.
        apps: What each service is called on Fly.
        release_variable: By which its machines are told their release.
    """

    def __init__(
        self, state_dir: Path, apps: Mapping[str, str], release_variable: str | None = None
    ) -> None:
        self._variable = release_variable
        self._state_dir = state_dir
        self._services = {app: service for service, app in apps.items()}
        self._store = store_of(state_dir)
        self._releases: dict[str, list[Release]] = {app: [] for app in self._services}

    def machines(self, app: str) -> Sequence[Machine] | None:
        if app not in self._services:
            return None
        about = self._about(app)
        version = self._version(app, about)
        return [
            Machine(
                id=f"{number:014x}",
                digest=instance["identity"],
                release=version,
                env={self._variable: instance["release"]} if self._variable else {},
                state="replacing" if about["changing"] else "started",
                healthy=not about["troubles"],
            )
            for number, instance in enumerate(about["instances"], 1)
        ]

    def images(self, app: str) -> Collection[str]:
        found = set()
        for release in self._store.ids():
            try:
                stored = self._store.find(release)
            except HarnessError:
                continue
            if stored.damage() is None:
                found.add(stored.identity)
        return found

    def releases(self, app: str) -> Sequence[Release]:
        self._version(app, self._about(app))
        return self._releases[app]

    def record(self, app: str, release: Release) -> None:
        known = [old for old in self._releases[app] if old.version != release.version]
        self._releases[app] = sorted([*known, release], key=lambda one: one.version)

    async def replace(self, app: str, machines: Collection[str], wanted: Wanted) -> None:
        told = wanted.env.get(self._variable) if self._variable else None
        instances = self._about(app)["instances"]
        runs = {(each["identity"], each["release"] if told else None) for each in instances}
        if runs == {(wanted.digest, told)}:
            return
        await asyncio.to_thread(
            control.replace,
            self._state_dir,
            self._store.of(wanted.digest, told).release,
            {self._services[app]: wanted.digest},
            migrate=False,
            progress=lambda line: None,
        )

    async def run(self, app: str, command: Sequence[str], wanted: Wanted) -> int:
        raise StackError("a rehearsal is deployed to with `keyarc-verify deploy --rehearse`")

    def _about(self, app: str) -> Mapping[str, Any]:
        services = control.status(self._state_dir)["services"]
        about: Mapping[str, Any] = services[self._services[app]]
        return about

    def _version(self, app: str, about: Mapping[str, Any]) -> int:
        """That of the newest release; one more where somebody has deployed past this API."""
        known = self._releases[app]
        running = {instance["identity"] for instance in about["instances"]}
        under_way = bool(known) and known[-1].status not in ("complete", "failed")
        if len(running) == 1 and not under_way:
            image = reference(app, running.pop())
            complete = [one for one in known if one.status == "complete"]
            if not complete or complete[-1].image != image:
                version = known[-1].version + 1 if known else 1
                known.append(Release(version=version, status="complete", image=image))
        return known[-1].version if known else 1

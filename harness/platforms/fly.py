"""Fly, by its own `flyctl`: docs/platforms-fly.md.

Fly has no rollback: an old image is deployed again, by its digest. What is judged is what each
machine says afterwards.
"""

import asyncio
from collections.abc import Coroutine, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from socket import socket
from typing import TypeVar

from harness.deployment import Artifact, Running, State, Vector, shown
from harness.environment import Environment
from harness.errors import PlatformError
from harness.platforms import Place, Platform
from harness.platforms._fly_calls import Calls
from harness.platforms._fly_image import pinned
from harness.platforms._fly_reading import running
from harness.platforms._fly_settings import settings_of
from harness.platforms._fly_told import strays, unknown

T = TypeVar("T")


def connect(place: Place) -> Platform:
    """The apps of an environment on Fly.

    Raises:
        UsageError: A setting is wrong, or flyctl is not there.
    """
    settings = settings_of(place.environment, place.file, place.limit_s)
    calls = Calls(settings=settings, limit_s=place.limit_s)
    calls.tool.must_be_there()
    return Fly(place=place, apps=settings.apps, calls=calls)


def stand_in(listening: socket, environment: Environment, state_dir: Path) -> None:
    """Answers for Fly while the environment is rehearsed: its machines are a stack's instances."""
    from harness.platforms._fly_rehearsed import Stack
    from harness.platforms._fly_standin import serve

    declared = environment.platform
    assert declared is not None, "it is Fly that is stood in for"
    stack = Stack(state_dir, declared.apps, declared.settings.get("release_variable"))
    asyncio.run(serve(listening, stack))


@dataclass(frozen=True, slots=True, kw_only=True)
class Fly:
    """The platform.

    Attributes:
        apps: Of each service its app; what others depend on comes first.
        looks_every_s: While an operation is under way.
    """

    place: Place
    apps: Mapping[str, str]
    calls: Calls
    looks_every_s: float = 1.0

    async def identify(self) -> State:
        found = await _all(self._running(app) for app in self.apps.values())
        return State(services=dict(zip(self.apps, found, strict=True)))

    async def list(self) -> Mapping[str, tuple[Artifact, ...]]:
        found = await _all(self._listed(app) for app in self.apps.values())
        return dict(zip(self.apps, found, strict=True))

    async def obtainable(self, target: Vector) -> Sequence[str]:
        """Asks Fly to resolve each image, as a deployment does before it begins."""
        strange = self._strange(target)
        if strange:
            return strange
        there = await _all(
            self.calls.has_image(app, pinned(app, target[name])) for name, app in self.apps.items()
        )
        return [
            f"{service}: Fly does not find the image {shown(target[service].identity)} of"
            f" {app} any more"
            for (service, app), found in zip(self.apps.items(), there, strict=True)
            if not found
        ]

    async def roll_back(self, target: Vector) -> None:
        """One app after the other, all of them whatever becomes of one.

        What runs its target already and is well is left alone. An app without machines is refused
        before anything is changed: a deployment would have none to change, and succeed.
        """
        strange = self._strange(target)
        if strange:
            raise PlatformError("; ".join(strange))
        references = {name: pinned(app, target[name]) for name, app in self.apps.items()}
        until_s = _now_s() + self.place.limit_s
        state = await self.identify()
        bare = [self.apps[name] for name, one in state.services.items() if not one.artifacts]
        if bare:
            raise PlatformError(f"no machines to roll back: {', '.join(bare)}")
        failures = []
        for service, app in self.apps.items():
            if not self._differs(service, state.services[service], target):
                self.place.progress(f"{service} runs {shown(target[service].identity)} already")
                continue
            self.place.progress(f"rolling back {service} to {shown(target[service].identity)}")
            try:
                await self._deploy(service, references[service], target, until_s)
            except PlatformError as error:
                failures.append(f"{app}: {error}")
        if failures:
            raise PlatformError("\n".join(failures))

    async def wait(self) -> None:
        until_s = _now_s() + self.place.limit_s
        while changing := (await self.identify()).changing:
            if _now_s() >= until_s:
                raise PlatformError(
                    f"an operation is still under way on {', '.join(changing)}"
                    f" after {self.place.limit_s:g} s"
                )
            await asyncio.sleep(self.looks_every_s)

    async def confirm(self, target: Vector) -> Sequence[str]:
        return self._differences(await self.identify(), target)

    async def _running(self, app: str) -> Running:
        machines = await self.calls.machines(app)
        leased = await self.calls.leased(app, machines)
        releases = await self.calls.releases(app)
        known = self.calls.settings
        variable = known.release_variable
        return running(machines, releases, leased, checks=known.checks, release_variable=variable)

    async def _listed(self, app: str) -> tuple[Artifact, ...]:
        """A release without a digest has it from the machines that are of it, or is left out."""
        machines = await self.calls.machines(app)
        known = {machine.release: machine.artifact() for machine in machines}
        found = (
            one.artifact or known.get(str(one.version))
            for one in await self.calls.releases(app)
            if one.status == "complete"
        )
        return tuple(artifact for artifact in found if artifact is not None)

    async def _deploy(self, service: str, reference: str, target: Vector, until_s: float) -> None:
        left_s = until_s - _now_s()
        if left_s <= 0:
            raise PlatformError(f"not begun within {self.place.limit_s:g} s")
        ended = await self.calls.deploy(service, target[service], reference, left_s)
        # It can fail over an app that is well. That it succeeds is for `confirm` to believe.
        if ended.code != 0:
            now = await self._running(self.apps[service])
            if self._differs(service, now, target):
                raise PlatformError(ended.told)

    def _strange(self, target: Vector) -> Sequence[str]:
        """Why a target is not one of these apps, all of them, each by its digest."""
        lines = [f"{name} has no app here" for name in target if name not in self.apps]
        for name, app in self.apps.items():
            if name not in target:
                lines.append(f"no target for {name}")
                continue
            try:
                pinned(app, target[name])
            except PlatformError as error:
                lines.append(f"{name}: {error}")
        return [*lines, *unknown(target, self.calls.settings.release_variable)]

    def _differs(self, service: str, one: Running, target: Vector) -> bool:
        state = State(services={service: one})
        return bool(self._differences(state, {service: target[service]}))

    def _differences(self, state: State, target: Vector) -> Sequence[str]:
        variable = self.calls.settings.release_variable
        return [*state.differences(target), *strays(state, target, variable)]


async def _all(asked: Iterable[Coroutine[None, None, T]]) -> "list[T]":
    """What all say, at once; where some cannot be asked, what all of these say."""
    found = await asyncio.gather(*asked, return_exceptions=True)
    for error in found:
        if isinstance(error, BaseException) and not isinstance(error, PlatformError):
            raise error
    errors = [str(error) for error in found if isinstance(error, PlatformError)]
    if errors:
        raise PlatformError("\n".join(dict.fromkeys(errors)))
    return [one for one in found if not isinstance(one, BaseException)]


def _now_s() -> float:
    return asyncio.get_running_loop().time()

"""The platform `local`: a stack that `keyarc-verify up` has started on this machine."""

import asyncio
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from harness.deployment import Artifact, Running, State, Vector
from harness.errors import HarnessError, PlatformError, UsageError
from harness.platforms import Place
from harness.stack import control
from harness.stack.releases import store_of
from harness.stack.state import default_directory

_POLL_S = 0.1


def connect(place: Place) -> "Local":
    return Local(place, default_directory(place.file.stem))


class Local:
    """Asks the stack's supervisor.

    Args:
        place: The environment.
        state_dir: The stack's.
    """

    def __init__(self, place: Place, state_dir: Path) -> None:
        self._place = place
        self._state_dir = state_dir
        self._store = store_of(state_dir)

    async def identify(self) -> State:
        """See `Platform`."""
        status = await self._status()
        try:
            serial = str(status["serial"])
            found = {name: _running(each, serial) for name, each in status["services"].items()}
        except (KeyError, TypeError, AttributeError):
            raise PlatformError(f"the stack in {self._state_dir} says what is no answer") from None
        return State(services=found)

    async def list(self) -> Mapping[str, tuple[Artifact, ...]]:
        """See `Platform`. Every release holds every service."""
        found = []
        for release in self._store.ids():
            try:
                stored = self._store.find(release)
            except UsageError:
                continue  # It cannot be read: it cannot be brought back either.
            found.append(Artifact(identity=stored.identity, release=release))
        return dict.fromkeys(self._place.environment.services, tuple(found))

    async def obtainable(self, target: Vector) -> Sequence[str]:
        """See `Platform`."""
        strangers = [name for name in target if name not in (await self.identify()).services]
        if strangers:
            return [f"{name} is not deployed here" for name in strangers]
        return await asyncio.to_thread(self._obstacles, target)

    async def roll_back(self, target: Vector) -> None:
        """See `Platform`. Services that run the target already are left as they are."""
        for release in dict.fromkeys(artifact.release for artifact in target.values()):
            services = {
                name: artifact.identity
                for name, artifact in target.items()
                if artifact.release == release
            }
            await asyncio.to_thread(self._replace, release, services)

    async def wait(self) -> None:
        """See `Platform`."""
        deadline_s = time.monotonic() + self._place.limit_s
        while changing := (await self.identify()).changing:
            if time.monotonic() > deadline_s:
                raise PlatformError(
                    f"a replacement of {', '.join(changing)} is still under way after "
                    f"{self._place.limit_s:g} s"
                )
            await asyncio.sleep(_POLL_S)

    async def confirm(self, target: Vector) -> Sequence[str]:
        """See `Platform`."""
        return (await self.identify()).differences(target)

    async def _status(self) -> dict[str, Any]:
        try:
            limit_s = min(control.STATUS_LIMIT_S, self._place.limit_s)
            return await asyncio.to_thread(control.status, self._state_dir, limit_s)
        except HarnessError as error:
            raise PlatformError(
                f"{error}; `keyarc-verify up --env {self._place.file}` starts one"
            ) from None

    def _replace(self, release: str | None, services: Mapping[str, str]) -> None:
        identity = next(iter(services.values()))
        try:
            control.replace(
                self._state_dir,
                release or self._store.of(identity).release,
                services,
                migrate=False,
                progress=self._place.progress,
                limit_s=self._place.limit_s,
            )
        except HarnessError as error:
            raise PlatformError(str(error)) from None

    def _obstacles(self, target: Vector) -> Sequence[str]:
        # A release holds every service: its files are looked at once.
        wanted = dict.fromkeys((each.identity, each.release) for each in target.values())
        found = [self._obstacle(identity, release) for identity, release in wanted]
        return [line for line in found if line is not None]

    def _obstacle(self, identity: str, release: str | None) -> str | None:
        try:
            return self._store.of(identity, release).damage()
        except UsageError as error:
            return str(error)


def _running(service: Mapping[str, Any], serial: str) -> Running:
    return Running(
        artifacts=tuple(
            Artifact(identity=each["identity"], release=each["release"])
            for each in service["instances"]
        ),
        serial=serial,
        changing=service["changing"],
        troubles=tuple(service["troubles"]),
    )

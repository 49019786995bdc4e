"""A project of Docker Compose, by its own `docker compose`: docs/platforms-compose.md.

Compose has no rollback: a service is started anew from the image of the target, by a second file
that names it. What is judged is what each container says afterwards.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from harness.deployment import Artifact, Running, State, Vector, shown
from harness.errors import PlatformError
from harness.platforms import Place, Platform
from harness.platforms._compose_calls import Docker
from harness.platforms._compose_image import is_id, name_of
from harness.platforms._compose_settings import Settings, settings_of
from harness.platforms._compose_state import running


def connect(place: Place) -> Platform:
    """The services of an environment in a compose project.

    Raises:
        UsageError: A setting is wrong, or docker or its plugin is not there.
    """
    settings = settings_of(place.environment, place.file)
    docker = Docker(settings=settings, limit_s=place.limit_s)
    docker.must_be_there()
    return Compose(place=place, settings=settings, docker=docker)


@dataclass(frozen=True, slots=True, kw_only=True)
class Compose:
    """The platform.

    Attributes:
        looks_every_s: While an operation is under way.
    """

    place: Place
    settings: Settings
    docker: Docker
    looks_every_s: float = 0.5

    async def identify(self) -> State:
        project = await self.docker.containers()
        images = await self.docker.images({one.image for one in project})
        now = await self.docker.now() if any(one.was_made_only for one in project) else None
        found = {
            service: running(
                [one for one in project if one.service == app],
                project,
                images,
                now=now,
                instances=self.settings.instances[service],
                checks=self.settings.checks,
            )
            for service, app in self.settings.apps.items()
        }
        return State(services=found)

    async def list(self) -> Mapping[str, tuple[Artifact, ...]]:
        """Compose remembers nothing: the ledger alone knows."""
        return {}

    async def obtainable(self, target: Vector) -> Sequence[str]:
        """An image that is not here is pulled: only that tells whether it can be."""
        lines, _ = await self._looked_ahead(target, self._until_s())
        return lines

    async def roll_back(self, target: Vector) -> None:
        """One service after the other, all of them whatever becomes of one.

        What runs its target already and is well is left alone. Nothing is changed before all that
        is needed is here.
        """
        until_s = self._until_s()
        lines, images = await self._looked_ahead(target, until_s)
        if lines:
            raise PlatformError("\n".join(lines))
        state = await self.identify()
        failures = []
        for service, image in images.items():
            wanted = target[service]
            if not self._differences({service: state.services[service]}, {service: wanted}):
                self.place.progress(f"{service} runs {shown(wanted.identity)} already")
                continue
            self.place.progress(f"rolling back {service} to {shown(wanted.identity)}")
            try:
                await self._replace(service, image, wanted, until_s)
            except PlatformError as error:
                failures.append(f"{service}: {error}")
        if failures:
            raise PlatformError("\n".join(failures))

    async def wait(self) -> None:
        until_s = self._until_s()
        while changing := (await self.identify()).changing:
            if _now_s() >= until_s:
                raise PlatformError(
                    f"an operation is still under way on {', '.join(changing)}"
                    f" after {self.place.limit_s:g} s"
                )
            await asyncio.sleep(self.looks_every_s)

    async def confirm(self, target: Vector) -> Sequence[str]:
        return self._differences((await self.identify()).services, target)

    def _differences(self, found: Mapping[str, Running], target: Vector) -> Sequence[str]:
        """Of a release an unchanged image may be a part, too: then the release's id tells."""
        lines = State(services=found).differences(target)
        variable = self.settings.release_variable
        for service, one in found.items() if variable else ():
            wanted = target[service].release if service in target else None
            others = {each.release or "nothing" for each in one.artifacts} - {wanted}
            if wanted and others:
                lines.append(f"{service}: {variable} is {', '.join(sorted(others))}, not {wanted}")
        return lines

    async def _looked_ahead(
        self, target: Vector, until_s: float
    ) -> tuple[Sequence[str], Mapping[str, str]]:
        """What keeps a target from being brought back; and by what name each image is here."""
        lines = [*await self._obstacles(target)]
        images: dict[str, str] = {}
        for service in self.settings.apps if not lines else ():
            try:
                left_s = self._left_s(until_s)
                images[service] = await name_of(target[service], self.docker, left_s)
            except PlatformError as error:
                lines.append(f"{service}: {error}")
        return lines, images

    async def _obstacles(self, target: Vector) -> Sequence[str]:
        apps = self.settings.apps
        lines = [f"{name} is not deployed here" for name in target if name not in apps]
        lines += [f"no target for {name}" for name in apps if name not in target]
        lines += [
            f"{name}: {one.identity!r} is no id of an image"
            for name, one in target.items()
            if not is_id(one.identity)
        ]
        variable = self.settings.release_variable
        lines += [
            f"{name}: nobody knows which {variable} it is to be given"
            for name, one in target.items()
            if variable and not one.release
        ]
        if lines:
            return lines
        release = next(iter(target.values())).release
        declared, unset = await self.docker.services(release)
        file = self.settings.file.name
        lines = [f"{file} has no service {app}" for app in apps.values() if app not in declared]
        # Compose would fill in nothing, and start a good release without its password.
        lines += [f"{file} names the variable {name}, and it is not set here" for name in unset]
        return lines

    async def _replace(self, service: str, image: str, wanted: Artifact, until_s: float) -> None:
        app = self.settings.apps[service]
        numbers = {one.number for one in await self.docker.containers() if one.service == app}
        left_s = self._left_s(until_s)
        ended = await self.docker.up(app, image, wanted, len(numbers), left_s)
        if ended.code == 0:
            return  # That it succeeded is for `confirm` to believe.
        found = (await self.identify()).services[service]
        if self._differences({service: found}, {service: wanted}):
            raise PlatformError(ended.told)

    def _left_s(self, until_s: float) -> float:
        left_s = until_s - _now_s()
        if left_s <= 0:
            raise PlatformError(f"not begun within {self.place.limit_s:g} s")
        return left_s

    def _until_s(self) -> float:
        return _now_s() + self.place.limit_s


def _now_s() -> float:
    return asyncio.get_running_loop().time()

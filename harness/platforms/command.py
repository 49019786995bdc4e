"""Any other platform, by commands that the environment file gives: docs/platforms.md.

What a command prints is believed only where it says what it was asked; how it ended, never.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from harness.deployment import Artifact, State, Vector, shown
from harness.errors import PlatformError
from harness.platforms import Place, Platform
from harness.platforms._hearing import hindrances, listed, running
from harness.platforms._invocation import Heard, Invocation


def connect(place: Place) -> Platform:
    """The platform that the commands of an environment file make.

    Raises:
        UsageError: A program that they need is not there; names the key and the program.
    """
    declared = place.environment.platform
    assert declared is not None, "a platform is declared where one is connected"
    services = declared.apps or {name: name for name in place.environment.services}
    invocations = {
        name: Invocation(
            name=name,
            command=command,
            services=services,
            environment=place.environment.name,
        )
        for name, command in declared.commands.items()
    }
    for invocation in invocations.values():
        invocation.tool().must_be_there()
    return Commands(place=place, services=services, invocations=invocations)


@dataclass(frozen=True, slots=True, kw_only=True)
class Commands:
    """The platform.

    Attributes:
        services: What each is called there.
        looks_every_s: While an operation is under way.
    """

    place: Place
    services: Mapping[str, str]
    invocations: Mapping[str, Invocation]
    looks_every_s: float = 1.0

    async def identify(self) -> State:
        identified, described = await asyncio.gather(
            self._asked("identify"), self._asked("describe")
        )
        found = {
            service: running(service, heard, described.get(service))
            for service, heard in identified.items()
        }
        return State(services=found)

    async def list(self) -> Mapping[str, tuple[Artifact, ...]]:
        heard = await self._asked("list")
        return {service: listed(service, each) for service, each in heard.items()}

    async def obtainable(self, target: Vector) -> Sequence[str]:
        strange = self._strange(target)
        if strange:
            return strange
        self.invocations["roll_back"].one_each(target)
        if "obtainable" not in self.invocations:
            known = await self.list()
            return [
                f"{service}: {shown(artifact.identity)} is not listed any more"
                for service, artifact in target.items()
                if artifact.identity not in {each.identity for each in known[service]}
            ]
        heard = await self._asked("obtainable", target)
        lines = [line for service, each in heard.items() for line in hindrances(service, each)]
        return list(dict.fromkeys(lines))

    async def roll_back(self, target: Vector) -> None:
        """One service after the other, all of them whatever becomes of one."""
        strange = self._strange(target)
        if strange:
            raise PlatformError("; ".join(strange))
        invocation = self.invocations["roll_back"]
        until_s = _now_s() + self.place.limit_s
        failures = []
        for words, services in invocation.one_each(target).items():
            self.place.progress(f"rolling back {', '.join(services)}")
            left_s = until_s - _now_s()
            if left_s <= 0:
                failures.append(f"{', '.join(services)}: not begun within {self._limit()}")
                continue
            try:
                limit_s = min(left_s, self._limit_s("roll_back"))
                await invocation.do(words, limit_s, target, operation=True)
            except PlatformError as error:
                failures.append(str(error))
        if failures:
            raise PlatformError("\n".join(failures))

    async def wait(self) -> None:
        until_s = _now_s() + self.place.limit_s
        if "wait" in self.invocations:
            invocation = self.invocations["wait"]
            for words in dict.fromkeys(invocation.words(each, None) for each in self.services):
                limit_s = max(0.0, min(until_s - _now_s(), self._limit_s("wait")))
                await invocation.do(words, limit_s, None, operation=False)
        while changing := (await self.identify()).changing:
            if _now_s() >= until_s:
                raise PlatformError(
                    f"an operation is still under way on {', '.join(changing)}"
                    f" after {self._limit()}"
                )
            await asyncio.sleep(self.looks_every_s)

    async def confirm(self, target: Vector) -> Sequence[str]:
        differences = (await self.identify()).differences(target)
        if self._strange(target):
            return differences
        heard = await self._asked("confirm", target)
        troubles = [
            f"{service}: {line}" for service, each in heard.items() for line in each.told.troubles()
        ]
        return [*differences, *troubles]

    async def _asked(self, name: str, target: Vector | None = None) -> dict[str, Heard]:
        """What a command prints of each service; nothing where there is no such command."""
        if name not in self.invocations:
            return {}
        return await self.invocations[name].ask(self.services, self._limit_s(name), target)

    def _limit_s(self, name: str) -> float:
        command = self.invocations[name].command
        is_long = name in ("roll_back", "wait") and "timeout_s" not in command.model_fields_set
        return self.place.limit_s if is_long else min(command.timeout_s, self.place.limit_s)

    def _limit(self) -> str:
        return f"{self.place.limit_s:g} s"

    def _strange(self, target: Vector) -> Sequence[str]:
        """Why a target is not one of these services, all of them."""
        lines = [f"{name} is not deployed here" for name in target if name not in self.services]
        return lines + [f"no target for {name}" for name in self.services if name not in target]


def _now_s() -> float:
    return asyncio.get_running_loop().time()

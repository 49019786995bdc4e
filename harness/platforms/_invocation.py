"""A command of the platform `command`, run for each service: what comes out the same, once."""

import asyncio
import json
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from harness.deployment import Artifact, Vector
from harness.environment import PlatformCommand, fill_in, placeholders
from harness.errors import PlatformError, UsageError
from harness.platforms._reading import Told
from harness.platforms._tool import Tool, shown
from harness.redaction import Redactor

Words = tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """What a command printed, as one service sees it."""

    invocation: "Invocation"
    words: Words
    told: Told

    @contextmanager
    def complaints(self) -> Iterator[Told]:
        """Within, errors tell which command it was."""
        with self.invocation.complaints(self.words):
            yield self.told


@dataclass(frozen=True, slots=True, kw_only=True)
class Invocation:
    """One command of the environment file.

    Attributes:
        services: What each service is called on the platform.
        environment: Its name.
    """

    name: str
    command: PlatformCommand
    services: Mapping[str, str]
    environment: str

    @property
    def key(self) -> str:
        """Where it stands in the file."""
        return f"platform.commands.{self.name}"

    def tool(self, target: Vector | None = None) -> Tool:
        """What runs it, with what it is told in variables."""
        program = self.command.run[0]
        told = {
            "VERIFY_ENVIRONMENT": self.environment,
            "VERIFY_SERVICES": json.dumps(self.services),
        }
        if target is not None:
            told["VERIFY_TARGET"] = json.dumps({name: _plain(one) for name, one in target.items()})
        return Tool(
            program=sys.executable if program == "python" else program,
            to_get=f"{self.key}.run needs it: install it, or name its file there",
            env={**told, **self._given()},
        )

    def values(self, service: str, target: Vector | None) -> dict[str, str]:
        """Of the placeholders, for one service.

        Raises:
            PlatformError: A tool could take one for something else.
        """
        values = {"service": service, "app": self.services[service]}
        if target is not None:
            artifact = target[service]
            values["identity"] = artifact.identity
            values["reference"] = artifact.reference or artifact.identity
            values["release"] = artifact.release or ""
            for name in self._named() & {"identity", "reference", "release"}:
                if not values[name] or values[name].startswith("-") or _is_odd(values[name]):
                    raise PlatformError(
                        f"{self.key}: {service} has no {name} that can be given to a tool:"
                        f" {values[name]!r}"
                    )
        return values

    def words(self, service: str, target: Vector | None) -> Words:
        """Its arguments, for one service."""
        values = self.values(service, target)
        return tuple(fill_in(word, values) for word in self.command.run[1:])

    def one_each(self, target: Vector) -> dict[Words, list[str]]:
        """The services by the arguments that bring them back.

        Raises:
            PlatformError: It is one command for several services, whose targets are not the same.
        """
        found: dict[Words, list[str]] = {}
        by_place: dict[Words, Words] = {}
        asked = {"service", "app"} & self._named()
        for service in target:
            words = self.words(service, target)
            values = self.values(service, None)
            place = tuple(values[name] for name in sorted(asked))
            if by_place.setdefault(place, words) != words:
                raise PlatformError(
                    f"{self.key} is one command for several services, and what they are to go"
                    f" back to is not the same: name {{service}} or {{app}} in it"
                )
            found.setdefault(words, []).append(service)
        return found

    async def ask(
        self, services: Iterable[str], limit_s: float, target: Vector | None = None
    ) -> dict[str, Heard]:
        """What it prints, of each of these services.

        Raises:
            PlatformError: It failed, was not over in time, or printed no JSON.
        """
        words = {service: self.words(service, target) for service in services}
        once = list(dict.fromkeys(words.values()))
        asked = (self._json(each, limit_s, target) for each in once)
        answers = await asyncio.gather(*asked, return_exceptions=True)
        for answer in answers:
            if isinstance(answer, BaseException):
                raise answer
        trees = dict(zip(once, answers, strict=True))
        return {
            service: Heard(
                invocation=self,
                words=each,
                told=Told(
                    command=self.command, tree=trees[each], values=self.values(service, target)
                ),
            )
            for service, each in words.items()
        }

    async def do(
        self, words: Words, limit_s: float, target: Vector | None, *, operation: bool
    ) -> None:
        """Runs it, for what it does.

        Raises:
            PlatformError: It did not end well.
        """
        with self.complaints():
            ended = await self.tool(target).run(*words, limit_s=limit_s, operation=operation)
            if ended.code != 0:
                raise PlatformError(ended.told)

    @contextmanager
    def complaints(self, words: Words | None = None) -> Iterator[None]:
        """Within, errors tell the place in the file, and no secret of the command's."""
        try:
            yield
        except (PlatformError, UsageError) as error:
            at = "" if words is None else f"{shown((self.command.run[0], *words))}: "
            secrets = Redactor()
            for value in self._given().values():
                secrets.register(value)
            raise type(error)(f"{self.key}: {at}{secrets.text(str(error))}") from None

    async def _json(self, words: Words, limit_s: float, target: Vector | None) -> object:
        with self.complaints():
            return (await self.tool(target).run(*words, limit_s=limit_s)).json()

    def _given(self) -> dict[str, str]:
        return {name: value.get_secret_value() for name, value in self.command.env.items()}

    def _named(self) -> set[str]:
        return {name for word in self.command.run for name in placeholders(word)}


def _plain(artifact: Artifact) -> dict[str, str]:
    told = {"identity": artifact.identity, "reference": artifact.reference or artifact.identity}
    return told if artifact.release is None else {**told, "release": artifact.release}


def _is_odd(value: str) -> bool:
    return not value.isprintable()

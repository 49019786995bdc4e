"""What the commands of the platform `command` say, put into the words of the gate. Pure."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import TypeVar

from harness.deployment import Artifact, Running
from harness.errors import PlatformError
from harness.platforms._answers import Identified, Listed, Obtainable
from harness.platforms._invocation import Heard
from harness.platforms._reading import Told

Answer = TypeVar("Answer")
_IDENTIFIED = '{"services": {"web": {"instances": [{"identity": "sha256:…"}]}}}'
_LISTED = '{"services": {"web": [{"identity": "sha256:…"}]}}'
_OBTAINABLE = '{"obtainable": true}, or {"obtainable": false, "why": ["…"]}'


def running(service: str, identified: Heard, described: Heard | None) -> Running:
    """One service, by what `identify` says, and `describe` where it is there.

    Raises:
        PlatformError: They do not say it; names the command, and what would be right.
    """
    with identified.complaints() as told:
        if told.command.read is None:
            services = Identified.of(told.tree, _IDENTIFIED).services
            found = _of(service, services, _IDENTIFIED).running
        else:
            found = _described(_identified(told), told)
    if described is None:
        return found
    with described.complaints() as told:
        return _described(found, told)


def listed(service: str, heard: Heard) -> tuple[Artifact, ...]:
    """What the platform remembers of one service, the newest first.

    Raises:
        PlatformError: It does not say it.
    """
    with heard.complaints() as told:
        if told.command.read is None:
            known = _of(service, Listed.of(told.tree, _LISTED).services, _LISTED)
            return tuple(each.artifact for each in known)
        identities = [identity for identity in told.identities() if identity]
        references = told.each(told.read.reference, len(identities))
        found = [
            Artifact(identity=identity, reference=reference or identity)
            for identity, reference in zip(identities, references, strict=True)
        ]
        return tuple(found if told.read.newest == "first" else reversed(found))


def hindrances(service: str, heard: Heard) -> Iterator[str]:
    """What keeps one service from being brought back.

    Raises:
        PlatformError: It is not said.
    """
    with heard.complaints() as told:
        if told.command.expect or told.command.has:
            yield from (f"{service}: {trouble}" for trouble in told.troubles())
        else:
            yield from Obtainable.of(told.tree, _OBTAINABLE).why


def _identified(told: Told) -> Running:
    identities = told.identities()
    silent = sum(identity is None for identity in identities)
    trouble = f"{silent} of {len(identities)} instances do not tell what they run"
    return Running(
        artifacts=tuple(Artifact(identity=each, reference=each) for each in identities if each),
        troubles=(trouble,) if silent else (),
    )


def _described(found: Running, told: Told) -> Running:
    """With what else a command tells of it."""
    reference, release = told.one(told.read.reference), told.one(told.read.release)
    return Running(
        artifacts=tuple(
            replace(
                artifact,
                reference=reference or artifact.reference,
                release=release or artifact.release,
            )
            for artifact in found.artifacts
        ),
        serial=told.one(told.read.serial) or found.serial,
        changing=found.changing or told.is_changing(),
        troubles=(*found.troubles, *told.troubles()),
    )


def _of(service: str, services: Mapping[str, Answer], right: str) -> Answer:
    if service not in services:
        named = ", ".join(services) or "none"
        raise PlatformError(f"nothing is said of {service}, only of: {named}; right is {right}")
    return services[service]

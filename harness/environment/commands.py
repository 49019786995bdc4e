"""The commands of the platform `command`: is what is needed there, and can it be understood?"""

import re
from collections.abc import Iterator, Mapping

from harness.environment.placeholders import fill_in, placeholders
from harness.environment.policy import Platform, PlatformCommand
from harness.environment.sections import Environment

Problem = tuple[tuple[int | str, ...], str]

_HERE = ("platform", "commands")
_SERVICE = ("service", "app")
_TARGET = (*_SERVICE, "identity", "reference", "release")
# Which placeholders each command may hold.
PLACEHOLDERS: Mapping[str, tuple[str, ...]] = {
    "identify": _SERVICE,
    "describe": _SERVICE,
    "list": _SERVICE,
    "obtainable": _TARGET,
    "roll_back": _TARGET,
    "wait": _SERVICE,
    "confirm": _TARGET,
}
# Which keys that look into the output each command may have.
_LOOKS: Mapping[str, tuple[str, ...]] = {
    "identify": ("read", "expect", "has", "changing"),
    "describe": ("read", "expect", "has", "changing"),
    "list": ("read",),
    "obtainable": ("expect", "has"),
    "roll_back": (),
    "wait": (),
    "confirm": ("expect", "has"),
}


def command_problems(environment: Environment, platform: Platform) -> Iterator[Problem]:
    """Each key that cannot be as it is, and what would be right."""
    commands = platform.commands
    several = len(platform.apps or environment.services) > 1
    if platform.name != "command":
        if commands:
            yield _HERE, "these are for `name: command`"
        return
    for name, why in (("identify", "what runs"), ("roll_back", "how a release is brought back")):
        if name not in commands:
            yield _HERE, f"`{name}` is needed: {why}"
    if not {"obtainable", "list"} & commands.keys():
        yield _HERE, "`obtainable` or `list` is needed: what can still be brought back"
    for name, command in commands.items():
        if name in PLACEHOLDERS:
            yield from _of_command(name, command)
            if several and command.read is not None and not _tells_apart(command):
                yield (
                    (*_HERE, name, "read"),
                    "says the same of every service: name {service} or {app} in it, or in `run`",
                )
        else:
            yield (*_HERE, name), f"unknown command; known here: {', '.join(PLACEHOLDERS)}"


def _of_command(name: str, command: PlatformCommand) -> Iterator[Problem]:
    here = (*_HERE, name)
    for key in ("read", "expect", "has", "changing"):
        if getattr(command, key) and key not in _LOOKS[name]:
            right = ", ".join(_LOOKS[name]) or "none, what it prints is not read"
            yield (*here, key), f"not a key of `{name}`; such keys here: {right}"
    yield from _of_reading(name, command)
    if placeholders(command.run[0]):
        yield (*here, "run", 0), "the program itself is always the same: no placeholders here"
    for place, text in _texts(command):
        for placeholder in placeholders(text):
            if placeholder not in PLACEHOLDERS[name]:
                known = ", ".join(f"{{{each}}}" for each in PLACEHOLDERS[name])
                yield (
                    (*here, *place),
                    f"nothing is known for {{{placeholder}}}; `{name}` knows {known};"
                    f" {{{{{placeholder}}}}} stands for itself",
                )


def _of_reading(name: str, command: PlatformCommand) -> Iterator[Problem]:
    here, read = (*_HERE, name), command.read
    looks = command.expect or command.has or command.changing
    if name == "describe" and not (read or looks):
        yield here, "says nothing without `read`, `expect`, `has` or `changing`"
    if name == "identify" and looks and read is None:
        yield (*here, "read"), "needed: what it prints is not ours, so say where things stand"
    if name == "confirm" and not looks:
        yield here, "proves nothing without `expect` or `has`"
    if read is None:
        return
    if (name in ("identify", "list")) != (read.identity is not None):
        right = "left out: `identify` tells it" if read.identity else "needed: where it stands"
        yield (*here, "read", "identity"), right
    if read.match is not None:
        yield from (((*here, "read", "match"), why) for why in _match_problems(read.match))


def _tells_apart(command: PlatformCommand) -> bool:
    named = {name for _, text in _texts(command) for name in placeholders(text)}
    return bool(named & {"service", "app"})


def _match_problems(match: str) -> Iterator[str]:
    names = dict.fromkeys(placeholders(match), "x")
    try:
        pattern = re.compile(fill_in(match, names))
    except re.error as error:
        yield f"not a regular expression: {error}"
        return
    if pattern.groups > 1:
        yield "has one group at most, the identity; write (?:…) for the others"


def _texts(command: PlatformCommand) -> Iterator[tuple[tuple[int | str, ...], str]]:
    """What placeholders are filled in, and where it stands."""
    for index, word in enumerate(command.run):
        yield ("run", index), word
    if command.read is not None:
        for key, text in command.read.model_dump(exclude_none=True).items():
            yield ("read", key), text
    for name in ("expect", "has", "changing"):
        for pointer, wanted in getattr(command, name).items():
            yield (name, pointer), pointer
            for each in wanted if isinstance(wanted, list) else [wanted]:
                if isinstance(each, str):
                    yield (name, pointer), each

"""What can be ordered of the supervisor of a stack that is up."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from harness.release_id import checked


@dataclass(frozen=True, slots=True)
class Replacement:
    """Services run stored code from now on.

    Attributes:
        release: What the services report after.
        services: Which identity each of them is to run.
        migrate: Whether the release's migration runs first.
    """

    release: str
    services: Mapping[str, str]
    migrate: bool


@dataclass(frozen=True, slots=True)
class Stopping:
    """The end of a service, or of the database.

    Attributes:
        service: Which.
        at_once: By SIGKILL; else in order.
    """

    service: str
    at_once: bool


@dataclass(frozen=True, slots=True)
class Starting:
    """The start of a service, or of the database; anew where it runs.

    Attributes:
        service: Which.
        settings: What it gets above its own; None takes one away.
        delay_s: How long it does nothing at first.
    """

    service: str
    settings: Mapping[str, str | None]
    delay_s: float


Order = Replacement | Stopping | Starting


def order(asked: Mapping[str, Any]) -> Order:
    """What a client has sent.

    Raises:
        ValueError, TypeError, KeyError, UsageError: It is no order.
    """
    if asked["do"] == "replace":
        return _replacement(asked)
    if asked["do"] == "stop":
        return Stopping(str(asked["service"]), asked["at_once"] is True)
    if asked["do"] == "start":
        return _starting(asked)
    raise ValueError("it knows status, replace, stop and start")


def _replacement(asked: Mapping[str, Any]) -> Replacement:
    services = asked["services"]
    if not isinstance(services, dict) or not services:
        raise ValueError("which services?")
    return Replacement(
        release=checked(asked["release"]),
        services={str(name): str(identity) for name, identity in services.items()},
        migrate=asked["migrate"] is True,
    )


def _starting(asked: Mapping[str, Any]) -> Starting:
    settings, delay_s = asked["settings"], float(asked["delay_s"])
    if not isinstance(settings, dict):
        raise ValueError("settings are names and texts")  # noqa: TRY004 - of what was sent
    for name, text in settings.items():
        # The text may be a secret: it is not repeated.
        if not (text is None or isinstance(text, str)):
            raise ValueError(f"the setting {name} is neither a text nor null")
    if not 0 <= delay_s < float("inf"):
        raise ValueError("delay_s is a time in seconds, from 0 on")
    return Starting(str(asked["service"]), settings, delay_s)

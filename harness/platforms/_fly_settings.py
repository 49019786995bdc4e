"""What an environment file may say of Fly: docs/platforms-fly.md tells each setting."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from harness.environment import Environment
from harness.errors import UsageError
from harness.platforms._order import dependencies_first

_APP = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")
_LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
_YES_OR_NO = {"yes": True, "no": False}
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_KNOWN = (
    *("api", "checks", "config", "program", "release_variable", "smoke_checks"),
    "wait_timeout_s",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What is known before anything is asked.

    Attributes:
        apps: What each service is called on Fly; what others depend on comes first.
        config: Of each service the `fly.toml` that a rollback goes by; where there is none, the
            one that Fly keeps with the app's newest release.
        release_variable: By which a machine is told the release that it is part of; None where the
            image itself knows.
        smoke_checks: Whether flyctl looks at each machine for 10 s more.
        checks: Whether a machine without health checks is a trouble.
        wait_timeout_s: How long flyctl waits for one machine; less than a rollback may take.
        api: Where a stand-in of Fly answers; None for Fly itself.
    """

    apps: Mapping[str, str]
    program: str
    config: Mapping[str, Path]
    release_variable: str | None
    smoke_checks: bool
    checks: bool
    wait_timeout_s: int
    api: str | None


def settings_of(environment: Environment, file: Path, limit_s: float) -> Settings:
    """The settings in an environment file.

    Raises:
        UsageError: One is wrong; says which, and what would be right.
    """
    declared = environment.platform
    assert declared is not None, "a platform is declared where one is connected"
    given = declared.settings
    unknown = sorted(given.keys() - set(_KNOWN))
    if unknown:
        raise _wrong(unknown[0], f"is not known; known: {', '.join(_KNOWN)}")
    if not declared.apps:
        raise UsageError("platform.apps: name the Fly app of each service, such as {api: my-api}")
    for service, app in declared.apps.items():
        if not _APP.fullmatch(app):
            raise UsageError(
                f"platform.apps.{service}: {app!r} is no name of a Fly app;"
                " these are small letters, digits and hyphens"
            )
    return Settings(
        apps=dependencies_first(declared.apps, environment.services),
        program=given.get("program", "flyctl"),
        config=_configs(given.get("config"), declared.apps, file),
        release_variable=_variable(given.get("release_variable")),
        smoke_checks=_YES_OR_NO[_one_of("smoke_checks", given.get("smoke_checks", "yes"))],
        checks=_one_of("checks", given.get("checks", "required"), ("required", "none")) != "none",
        wait_timeout_s=_wait_timeout_s(given.get("wait_timeout_s"), limit_s),
        api=_api(given.get("api")),
    )


def _configs(pattern: str | None, apps: Mapping[str, str], file: Path) -> Mapping[str, Path]:
    if pattern is None:
        return {}
    found = {
        service: (
            file.parent / pattern.replace("{service}", service).replace("{app}", app)
        ).resolve()
        for service, app in apps.items()
    }
    for service, path in found.items():
        if not path.is_file():
            raise _wrong("config", f"{path} is no file; needed for {service}")
    return found


def _variable(name: str | None) -> str | None:
    if name is not None and not _VARIABLE.fullmatch(name):
        raise _wrong("release_variable", f"{name!r} is no name of a variable, such as RELEASE_ID")
    return name


def _one_of(key: str, value: str, known: Sequence[str] = tuple(_YES_OR_NO)) -> str:
    if value not in known:
        raise _wrong(key, f"{value!r} is not one of {', '.join(known)}")
    return value


def _wait_timeout_s(value: str | None, limit_s: float) -> int:
    if value is None:
        return max(1, min(300, int(limit_s / 3)))
    if not value.isascii() or not value.isdecimal() or not 0 < int(value) < limit_s:
        raise _wrong("wait_timeout_s", f"{value!r} is not between 1 and {limit_s:g}, in seconds")
    return int(value)


def _api(url: str | None) -> str | None:
    """A stand-in is on this machine: nothing else is told what is meant for Fly."""
    if url is None:
        return None
    parts = urlsplit(url)
    if parts.scheme != "http" or parts.hostname not in _LOOPBACK:
        raise _wrong("api", "a stand-in of Fly is at http://127.0.0.1:PORT; leave it out for Fly")
    return url.rstrip("/")


def _wrong(key: str, why: str) -> UsageError:
    return UsageError(f"platform.settings.{key}: {why}")

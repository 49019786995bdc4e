"""What an environment file may say of a compose project: docs/platforms-compose.md."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from harness.environment import Environment
from harness.errors import UsageError
from harness.platforms._order import dependencies_first

_PROJECT = re.compile(r"[a-z0-9][a-z0-9_-]*")
_SERVICE = re.compile(r"[A-Za-z0-9_.][A-Za-z0-9_.-]*")
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_CHECKS = ("required", "none")
_KNOWN = ("checks", "env_file", "file", "program", "project", "release_variable")


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What is known before anything is asked.

    Attributes:
        apps: What each service is called in the compose file; what others depend on comes first.
        instances: How many containers each service has, as declared.
        env_file: What compose fills in beside the caller's variables; None where there is none.
        release_variable: The variable in which a container finds the id of its release.
        checks: Whether a container without a health check is a trouble.
    """

    apps: Mapping[str, str]
    instances: Mapping[str, int]
    project: str
    file: Path
    env_file: Path | None
    program: str
    release_variable: str | None
    checks: bool


def settings_of(environment: Environment, file: Path) -> Settings:
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
    compose_file = _file("file", given.get("file", "compose.yaml"), file)
    apps = declared.apps or {name: name for name in environment.services}
    checks = given.get("checks", "required")
    if checks not in _CHECKS:
        raise _wrong("checks", f"{checks!r} is not one of {', '.join(_CHECKS)}")
    return Settings(
        apps=dependencies_first(_of_compose(apps), environment.services),
        instances={name: environment.services[name].instances for name in apps},
        project=_project(given.get("project")),
        file=compose_file,
        env_file=_env_file(given.get("env_file"), compose_file, file),
        program=given.get("program", "docker"),
        release_variable=_variable(given.get("release_variable")),
        checks=checks == "required",
    )


def _of_compose(apps: Mapping[str, str]) -> Mapping[str, str]:
    by_app: dict[str, str] = {}
    for service, app in apps.items():
        if not _SERVICE.fullmatch(app):
            raise UsageError(f"platform.apps.{service}: {app!r} is no name of a compose service")
        if app in by_app:
            raise UsageError(f"platform.apps: {by_app[app]} and {service} are both {app}")
        by_app[app] = service
    return apps


def _project(name: str | None) -> str:
    if name is None:
        raise _wrong("project", "needed: the name of the compose project, as `docker compose ls`")
    if not _PROJECT.fullmatch(name):
        raise _wrong(
            "project",
            f"{name!r} is no name of a project; these are small letters, digits, _ and hyphens",
        )
    return name


def _variable(name: str | None) -> str | None:
    if name is not None and not _VARIABLE.fullmatch(name):
        raise _wrong("release_variable", f"{name!r} is no name of a variable, such as RELEASE_ID")
    return name


def _env_file(name: str | None, compose_file: Path, file: Path) -> Path | None:
    """The one given; else the `.env` that compose finds by itself."""
    if name is not None:
        return _file("env_file", name, file)
    beside = compose_file.parent / ".env"
    return beside if beside.is_file() else None


def _file(key: str, name: str, file: Path) -> Path:
    path = (file.parent / name).resolve()
    if path == file.resolve():
        raise _wrong(key, f"{path} is the environment file itself; compose's is another one")
    if not path.is_file():
        raise _wrong(key, f"{path} is no file; it is looked for relative to {file}")
    return path


def _wrong(key: str, why: str) -> UsageError:
    return UsageError(f"platform.settings.{key}: {why}")

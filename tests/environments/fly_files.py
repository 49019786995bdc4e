"""The fly.toml of each app, and what the environment file and the service's settings say."""

import importlib
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from harness.environment import Environment, find, parse
from services.settings import Settings

FLY = Path(__file__).parents[2] / "environments" / "fly"
ENVIRONMENTS = ["dev", "test", "staging", "production"]
SERVICES = ["frontend", "auth", "gateway", "account", "keys"]
PUBLIC, PRIVATE = SERVICES[:3], SERVICES[3:]
EVERY = [(name, service) for name in ENVIRONMENTS for service in SERVICES]

every = pytest.mark.parametrize(("name", "service"), EVERY)


def document(name: str, service: str) -> dict[str, Any]:
    return tomllib.loads((FLY / name / f"{service}.toml").read_text())


def declared(name: str) -> Environment:
    return parse(find(name))


def apps(name: str) -> Mapping[str, str]:
    platform = declared(name).platform
    assert platform is not None
    return platform.apps


def settings_of(service: str) -> type[Settings]:
    module = importlib.import_module(f"services.{service}.settings")
    found: type[Settings] = getattr(module, f"{service.title()}Settings")
    return found


def secrets_of(service: str) -> set[str]:
    fields = settings_of(service).model_fields.items()
    return {name.upper() for name, field in fields if field.annotation is SecretStr}


def leaves(tree: Any, path: str = "") -> dict[str, Any]:
    """Every value under the path of its keys."""
    if not isinstance(tree, dict | list):
        return {path: tree}
    pairs = tree.items() if isinstance(tree, dict) else enumerate(tree)
    found = (leaves(value, f"{path}.{key}".lstrip(".")) for key, value in pairs)
    return {key: value for each in found for key, value in each.items()}


def web(name: str, service: str) -> dict[str, Any]:
    """The part that Fly's proxy goes by."""
    tree = document(name, service)
    found: dict[str, Any] = tree["http_service"] if service in PUBLIC else tree["services"][0]
    return found


def seconds(text: str) -> float:
    assert text.endswith("s")
    return float(text.removesuffix("s"))

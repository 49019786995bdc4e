"""What the commands of `env` do."""

import json
from pathlib import Path
from typing import Any

import typer
import yaml
from pydantic import SecretStr

from harness.cli._exits import USAGE
from harness.cli._imagined import imagined
from harness.environment import find, known, parse, schema
from harness.errors import EnvironmentFileError, UsageError
from harness.plan import plan


def listed(output_format: str) -> int:
    """Each environment that can be named here; a broken file is listed as such."""
    _must_be(output_format, "text", "json")
    found = [_summary(name) for name in known()]
    if output_format == "json":
        typer.echo(json.dumps(found, indent=2))
        return 0
    if not found:
        typer.echo("none here; environments/NAME.yaml makes one")
    for entry in found:
        services = entry["services"]
        size = entry["problem"] or f"{services} service{'s' * (services != 1)}"
        typer.echo(f"{entry['name']:<12} {size:<12} {entry['path']}")
        if entry["description"]:
            typer.echo(f"{'':<12} {entry['description']}")
    return 0


def shown(name: str, output_format: str) -> None:
    _must_be(output_format, "yaml", "json")
    tree = _without_secrets(parse(find(name)).model_dump(by_alias=True, exclude_none=True))
    if output_format == "json":
        typer.echo(json.dumps(tree, indent=2, default=str))
    else:
        typer.echo(yaml.safe_dump(tree, sort_keys=False, allow_unicode=True), nl=False)


def validated(names: list[str]) -> int:
    """Says of each file whether it can be used; all of them are looked at."""
    good = [_is_valid(name) for name in names]
    return 0 if all(good) else USAGE


def print_schema(*, verdict: bool) -> None:
    from harness.cli._verdict_schema import verdict_schema

    typer.echo(json.dumps(verdict_schema() if verdict else schema(), indent=2))


def _is_valid(name: str) -> bool:
    try:
        file = find(name)
        environment = parse(file)
        checks = len(plan(imagined(environment)).checks)
    except EnvironmentFileError as error:
        typer.echo(str(error))
        return False
    except UsageError as error:
        typer.echo(f"{name}: {error}")
        return False
    typer.echo(f"{_short(file)}: ok, {len(environment.services)} services, {checks} checks")
    return True


def _summary(name: str) -> dict[str, Any]:
    file = find(name)
    entry = {"name": name, "path": _short(file), "description": "", "services": 0, "problem": None}
    try:
        environment = parse(file)
    except EnvironmentFileError as error:
        return {**entry, "problem": f"broken: `keyarc-verify env validate {error.file.stem}`"}
    return {
        **entry,
        "description": environment.description,
        "services": len(environment.services),
    }


def _short(file: Path) -> str:
    return str(file.relative_to(Path.cwd()) if file.is_relative_to(Path.cwd()) else file)


def _without_secrets(tree: Any) -> Any:
    """Values as a file would have them; of a secret its reference alone.

    A loaded file holds nothing but references there; should that ever change, nothing is shown.
    """
    if isinstance(tree, dict):
        return {key: _without_secrets(value) for key, value in tree.items()}
    if isinstance(tree, list | tuple):
        return [_without_secrets(value) for value in tree]
    if isinstance(tree, SecretStr):
        value = tree.get_secret_value()
        return value if value.startswith("${") and value.endswith("}") else "[redacted]"
    return tree


def _must_be(output_format: str, *known_formats: str) -> None:
    if output_format not in known_formats:
        known_ones = ", ".join(known_formats)
        raise UsageError(f"unknown format {output_format!r}; known: {known_ones}")

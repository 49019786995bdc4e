"""An environment's stack with other settings, as a file of its own, to be started beside it.

    file = write(find("local"), folder, {"auth": {"RATE_LIMIT_LOGIN": "5/2s"}})
    with running(Wanted(env=file, state_dir=folder / "state"), progress=print) as references: ...

What is written refers to secrets and holds none. Ports are free ones, there is one instance of each
service, and the database is one of the stack's own, whatever the caller's variables say.
"""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from harness.environment import parse
from harness.environment.yaml_tree import read_tree
from harness.errors import UsageError

Settings = Mapping[str, Mapping[str, str]]
Tree = dict[str, Any]


def write(
    file: Path,
    folder: Path,
    settings: Settings,
    *,
    copies: Mapping[str, str] | None = None,
    postgres: Mapping[str, Any] | None = None,
) -> Path:
    """Writes the variant of an environment file.

    Args:
        file: The environment's. Its stack may be another one's (`stack_of`).
        folder: Where the variant goes, under the same name.
        settings: By service of the stack, what it gets above its own `env`; references are allowed.
        copies: Services that run a second time, by the name of the copy: `{"brief": "auth"}`. It
            is called at `${stack:brief.url}`; `settings` may name it.
        postgres: More of `stack.postgres`: its `settings` go above those that are there, all else
            instead of it. Nothing where the stack has no database.

    Raises:
        UsageError: There is no such service, or nothing that can be started.
        EnvironmentFileError: The file says something that it cannot.
    """
    declared = parse(file)
    if declared.stack is None:
        raise UsageError(f"{file}: there is no `stack` to start with other settings")
    tree = _tree(file)
    stack = tree["stack"] = _stack(file, tree)
    tree.pop("stack_of", None)
    if declared.tls.ca_file is not None:
        tree["tls"]["ca_file"] = declared.tls.ca_file
    for service in tree["services"].values():
        service.pop("instances", None)
    services: Tree = stack["services"]
    problems = list(_problems(services, settings, copies or {}))
    if problems:
        raise UsageError(f"{file}: " + "; ".join(problems))
    services |= {name: services[of] for name, of in (copies or {}).items()}
    stack["services"] = {
        name: _changed(service, settings.get(name, {})) for name, service in services.items()
    }
    if stack.get("postgres") is not None:
        stack["postgres"] = _changed_database(stack["postgres"], postgres or {})
    written = folder / f"{file.stem}.yaml"
    # JSON is YAML.
    written.write_text(json.dumps(tree, indent=1), encoding="utf-8")
    return written


def _tree(file: Path) -> Tree:
    tree, _ = read_tree(file)
    assert isinstance(tree, dict), "what is an environment is a mapping"
    return tree


def _stack(file: Path, tree: Tree) -> Tree:
    if tree.get("stack") is not None:
        return dict(tree["stack"])
    return dict(_tree(file.parent / f"{tree['stack_of']}.yaml")["stack"])


def _changed(service: Tree, env: Mapping[str, str]) -> Tree:
    kept = {name: value for name, value in service.items() if name not in ("port", "http_port")}
    return {**kept, "env": {**(service.get("env") or {}), **env}}


def _changed_database(database: Tree, more: Mapping[str, Any]) -> Tree:
    """One of the stack's own, whatever the caller's variables say."""
    settings = {**(database.get("settings") or {}), **(more.get("settings") or {})}
    return {**database, **more, "settings": settings, "url_from": None, "port": None}


def _problems(services: Tree, settings: Settings, copies: Mapping[str, str]) -> Iterator[str]:
    known = ", ".join(services)
    for name, of in copies.items():
        if name in services:
            yield f"a copy cannot be called {name}: the stack has one of that name"
        if of not in services:
            yield f"{of} cannot run twice: the stack has {known}"
    for name in settings:
        if name not in services and name not in copies:
            yield f"{name} cannot have other settings: the stack has {known}"

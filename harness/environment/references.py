"""References in environment files: `${env:NAME}`, `${stack:WHAT}`, `${generated:NAME}`."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TypeVar
from urllib.parse import urlsplit

from pydantic import SecretStr

from harness.environment.policy import Command
from harness.environment.sections import Environment
from harness.errors import UsageError
from harness.redaction import is_sensitive

Tree = TypeVar("Tree")

_REFERENCE = re.compile(r"\$\{([^}]*)\}?")
_ENV = re.compile(r"\$\{env:([^}]+)\}")
_GENERATED = re.compile(r"\$\{generated:([A-Za-z0-9_]+)\}")
# What is filled in by whoever starts the stack.
_STARTED = {"stack", "rehearsal"}
_FORMS = "${env:NAME}, ${stack:WHAT} or ${generated:NAME}"


def generated_in(text: str) -> set[str]:
    """The names of secrets that are made at start, as far as a text refers to any."""
    return set(_GENERATED.findall(text))


def has_references(text: str) -> bool:
    return "${" in text


def refers_to_secret(text: str) -> bool:
    """Whether what its references stand for is nothing that others may see."""
    for match in _REFERENCE.finditer(text):
        kind, _, name = match[1].partition(":")
        if kind == "generated" or match[1] == "stack:postgres.url":
            return True
        if kind == "env" and is_sensitive(name):
            return True
    return False


def is_variable(text: str) -> bool:
    """Whether it is one variable of the caller, and nothing beside it."""
    match = _REFERENCE.fullmatch(text)
    return match is not None and text.endswith("}") and match[1].startswith("env:")


def substitute(text: str, references: Mapping[str, str], variables: Mapping[str, str]) -> str:
    """Fills in the references in a text.

    Args:
        references: Values of `${stack:…}` and `${generated:…}`, by keys such as `stack:edge.url`.
        variables: Values of `${env:…}`, by name.

    Raises:
        UsageError: A reference is none of the three forms, or has no value; names it.
    """
    return _REFERENCE.sub(lambda match: _value(match, references, variables), text)


def resolve(
    environment: Environment, references: Mapping[str, str], variables: Mapping[str, str]
) -> Environment:
    """Fills in the references of an environment, those of what is started here excepted.

    Raises:
        UsageError: As `substitute` does, with the key where the reference stands; or what came
            of a reference is not allowed there.
    """
    from pydantic import ValidationError

    from harness.environment.consistency import url_problems

    tree = environment.model_dump(by_alias=True, exclude=_STARTED, exclude_unset=True)
    filled = _filled(tree, "", lambda text: substitute(text, references, variables))
    try:
        resolved = Environment.model_validate(filled)
    except ValidationError as error:
        problem = error.errors(include_input=False)[0]
        key = ".".join(map(str, problem["loc"]))
        raise UsageError(
            f"environment {environment.name}: {key}, once filled in: {problem['msg']}"
        ) from None
    for name, service in resolved.services.items():
        for url in service.urls:
            for complaint in url_problems(url):
                key = "url" if url == service.url else "also_at"
                raise UsageError(
                    f"environment {environment.name}: services.{name}.{key}, "
                    f"once filled in: {complaint}"
                )
    return resolved.model_copy(update={part: getattr(environment, part) for part in _STARTED})


@dataclass(frozen=True, slots=True)
class Missing:
    """A variable of the caller that is not set. `purpose`: what it is for, or who needs it."""

    name: str
    purpose: str


def missing(environment: Environment, variables: Mapping[str, str]) -> list[Missing]:
    """Every variable that the environment needs and the caller has not set; empty is not set."""
    needed = dict(environment.variables)
    for key, text in _texts(environment.model_dump(by_alias=True, exclude=_STARTED), ""):
        for match in _REFERENCE.finditer(text):
            kind, _, name = match[1].partition(":")
            if kind == "env" and name:
                needed.setdefault(name, f"{key} needs it")
    return [Missing(name, why) for name, why in needed.items() if not variables.get(name)]


def secrets_of(environment: Environment, variables: Mapping[str, str]) -> list[str]:
    """What must not be written of an environment, resolved or not, and of variables it asks for."""
    found = [variables.get(name, "") for name in environment.variables]
    for identity in environment.identities.values():
        kept = [identity.token, *(identity.headers or {}).values()]
        kept += list(identity.login.json_.values()) if identity.login else []
        found += [secret.get_secret_value() for secret in kept if secret is not None]
    for service in environment.services.values():
        found += [value for name, value in service.headers.items() if is_sensitive(name)]
    found += [value for name, value in environment.ledger.settings.items() if is_sensitive(name)]
    for command in environment.commands:
        found += _secrets_given(command)
    insight = environment.insight
    found += [secret.get_secret_value() for secret in insight.secrets.values()]
    if insight.database is not None:
        url = _as_far_as_known(insight.database.get_secret_value(), variables)
        found.append(urlsplit(url).password or "")
    found += [_as_far_as_known(secret, variables) for secret in found]
    return [secret for secret in dict.fromkeys(found) if secret]


def _as_far_as_known(text: str, variables: Mapping[str, str]) -> str:
    return _ENV.sub(lambda match: variables.get(match[1], match[0]), text)


def _secrets_given(command: Command) -> Iterator[str]:
    """What is a secret by its name, and passwords in URLs."""
    for name, value in command.env.items():
        given = value.get_secret_value()
        if is_sensitive(name):
            yield given
        elif "://" in given:
            yield urlsplit(given).password or ""


def _texts(tree: object, key: str) -> Iterator[tuple[str, str]]:
    if isinstance(tree, SecretStr):
        yield key, tree.get_secret_value()
    elif isinstance(tree, str):
        yield key, tree
    elif isinstance(tree, dict):
        for name, part in tree.items():
            yield from _texts(part, f"{key}.{name}".lstrip("."))
    elif isinstance(tree, list):
        for index, part in enumerate(tree):
            yield from _texts(part, f"{key}.{index}")


def _filled(tree: object, key: str, fill: Callable[[str], str]) -> object:
    if isinstance(tree, SecretStr):
        tree = tree.get_secret_value()
    if isinstance(tree, str):
        try:
            return fill(tree)
        except UsageError as error:
            raise UsageError(f"{key}: {error}") from None
    if isinstance(tree, dict):
        return {
            name: _filled(part, f"{key}.{name}".lstrip("."), fill) for name, part in tree.items()
        }
    if isinstance(tree, list):
        return [_filled(part, f"{key}.{index}", fill) for index, part in enumerate(tree)]
    return tree


def _value(
    match: re.Match[str], references: Mapping[str, str], variables: Mapping[str, str]
) -> str:
    kind, _, name = match[1].partition(":")
    if not match[0].endswith("}") or kind not in ("env", "stack", "generated") or not name:
        raise UsageError(f"`{match[0]}` is no reference; write {_FORMS}")
    if kind == "env":
        if name not in variables:
            raise UsageError(f"the variable {name} is not set; {match[0]} needs it")
        return variables[name]
    if match[1] not in references:
        raise UsageError(f"{match[0]} has no value{_why_missing(kind, references)}")
    return references[match[1]]


def _why_missing(kind: str, references: Mapping[str, str]) -> str:
    alike = sorted(key for key in references if key.startswith(f"{kind}:"))
    return f"; known here: {', '.join(alike)}" if alike else " unless a local stack is up"

"""What an environment file says twice has to agree, and a secret has no place in it."""

import re
from collections.abc import Iterator, Mapping
from urllib.parse import urlsplit

from pydantic import SecretStr

from harness.environment.commands import command_problems
from harness.environment.identity import Identity
from harness.environment.policy import Command, DatabaseLook
from harness.environment.references import has_references, is_variable, refers_to_secret
from harness.environment.sections import Environment
from harness.environment.service import Service
from harness.redaction import is_sensitive

Place = tuple[int | str, ...]
Problem = tuple[Place, str]
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_A_SECRET = "a secret does not belong in a file; name a variable: ${env:NAME}"  # noqa: S105


def inconsistencies(environment: Environment) -> Iterator[Problem]:
    """Each key that does not go with another one, and what would be right."""
    for name, service in environment.services.items():
        yield from _of_service(environment, name, service)
    for name, identity in environment.identities.items():
        yield from _of_identity(environment, name, identity)
    if environment.control_url is not None:
        yield from _of_url(("control_url",), environment.control_url)
    for name, value in environment.ledger.settings.items():
        if is_sensitive(name) and not is_variable(value):
            yield ("ledger", "settings", name), _A_SECRET
    for name in environment.platform.apps if environment.platform else ():
        yield from _known(("platform", "apps", name), name, environment.services)
    for name, command in environment.platform.commands.items() if environment.platform else ():
        yield from _of_command(("platform", "commands", name), command)
    if environment.platform is not None:
        yield from command_problems(environment, environment.platform)
    if environment.database is not None:
        yield from _of_database(environment, environment.database)
    if environment.insight.database is not None:
        yield from _referred(("insight", "database"), environment.insight.database)
    for name, secret in environment.insight.secrets.items():
        yield from _referred(("insight", "secrets", name), secret)


def _of_service(environment: Environment, name: str, service: Service) -> Iterator[Problem]:
    here = ("services", name)
    yield from _of_url((*here, "url"), service.url)
    for index, url in enumerate(service.also_at):
        yield from _of_url((*here, "also_at", index), url)
    if service.http.url is not None:
        yield from _of_url((*here, "http", "url"), service.http.url)
        if service.http.url.startswith("https:"):
            yield (*here, "http", "url"), "plain http is what it is about; write http://…"
    for index, origin in enumerate(service.cors.origins):
        if not has_references(origin) and not _is_origin(origin):
            yield (
                (*here, "cors", "origins", index),
                "not an origin; write https://host, with a port where needed, and no slash",
            )
    yield from _of_dependencies(environment, name, service)
    for section, via in (("health", service.health.via), ("release", service.release.via)):
        if via is not None:
            yield from _of_via(environment, (*here, section, "via"), via)
    if service.release.from_ == "header" and not service.release.header:
        yield (*here, "release", "header"), "needed, since `from` is header"
    if service.instances > 1 and service.release.from_ == "header" and not service.release.instance:
        yield (*here, "release", "instance"), "needed, to tell its instances apart: a header's name"
    if service.not_at and service.visibility != "private":
        yield (*here, "not_at"), "goes with `visibility: private`"
    if service.identity is not None:
        yield from _known((*here, "identity"), service.identity, environment.identities)
    for header, value in service.headers.items():
        if is_sensitive(header) and not has_references(value):
            yield (*here, "headers", header), _A_SECRET


def _of_dependencies(environment: Environment, name: str, service: Service) -> Iterator[Problem]:
    known = _dependencies(environment)
    for index, dependency in enumerate(service.depends_on):
        place = ("services", name, "depends_on", index)
        if dependency == name:
            yield place, "a service cannot depend on itself"
        elif known and dependency not in known:
            yield place, f"no service is named {dependency}; known here: {', '.join(sorted(known))}"


def _of_identity(environment: Environment, name: str, identity: Identity) -> Iterator[Problem]:
    here = ("identities", name)
    if identity.token is not None:
        yield from _referred((*here, "token"), identity.token)
    for header, value in (identity.headers or {}).items():
        yield from _referred((*here, "headers", header), value)
    if identity.login is not None:
        yield from _known((*here, "login", "service"), identity.login.service, environment.services)
        for member, value in identity.login.json_.items():
            if is_sensitive(member):
                yield from _referred((*here, "login", "json", member), value)


def _of_database(environment: Environment, look: DatabaseLook) -> Iterator[Problem]:
    needed = {each for service in environment.services.values() for each in service.depends_on}
    shared = sorted(needed - environment.services.keys())
    is_given = "dependency" in look.model_fields_set
    if look.dependency not in shared and (shared or is_given):
        names = ", ".join(shared) or "none"
        yield (
            ("database", "dependency"),
            f"no service depends on a {look.dependency} that is no service itself;"
            f" what `depends_on` names besides services: {names}",
        )
    for index, name in enumerate(look.told_by):
        yield from _known(("database", "told_by", index), name, environment.services)
    if look.command is not None:
        yield from _of_command(("database", "command"), look.command)


def _of_command(place: Place, command: Command) -> Iterator[Problem]:
    for index, word in enumerate(command.run):
        if refers_to_secret(word):
            yield (*place, "run", index), "process lists would show it; give it by way of `env`"
    for name, value in command.env.items():
        if not _VARIABLE.fullmatch(name):
            yield (
                (*place, "env", name),
                "not the name of a variable; letters, digits and _, no digit first",
            )
        elif is_sensitive(name):
            yield from _referred((*place, "env", name), value)


def _referred(place: Place, secret: SecretStr) -> Iterator[Problem]:
    if not has_references(secret.get_secret_value()):
        yield place, _A_SECRET


def _known(place: Place, name: str, known: Mapping[str, object]) -> Iterator[Problem]:
    if name not in known:
        there = ", ".join(known) or "none"
        yield place, f"there is no {name}; known here: {there}"


def _of_url(place: Place, url: str) -> Iterator[Problem]:
    if not has_references(url):
        yield from ((place, problem) for problem in url_problems(url))


def _of_via(environment: Environment, place: tuple[str, ...], via: str) -> Iterator[Problem]:
    through = environment.services.get(via)
    public = sorted(name for name, s in environment.services.items() if s.visibility == "public")
    if through is None:
        yield place, f"no service is named {via}; public ones: {', '.join(public)}"
    elif via == place[1] or through.visibility != "public" or through.health.via:
        yield place, f"needs another service, a public one: {', '.join(public)}"


def _is_origin(text: str) -> bool:
    """Source: RFC 6454, section 6.2; `null` is what pages without an origin send."""
    return text == "null" or (not list(url_problems(text)) and not urlsplit(text).path)


def url_problems(url: str) -> Iterator[str]:
    """What keeps a text from being a service's address; the text is not repeated."""
    try:
        parts = urlsplit(url)
        usable = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        usable = False
    if not usable:
        yield "not a URL; write http://host or https://host, with a port and a path where needed"
        return
    if url.endswith("/") or parts.query or parts.fragment:
        yield "write it without a slash, query or fragment at the end"
    if parts.username or parts.password:
        yield "credentials do not belong in a URL"


def _dependencies(environment: Environment) -> set[str]:
    """What can be depended on; empty where the file does not say what else there is."""
    if environment.stack is None:
        return set()
    own = {"postgres"} if environment.stack.postgres else set()
    return {*environment.services, *environment.stack.services, *own}

"""What an environment file says twice has to agree."""

from collections.abc import Iterator
from urllib.parse import urlsplit

from harness.environment.references import has_references
from harness.environment.sections import Environment, Service

Problem = tuple[tuple[int | str, ...], str]


def inconsistencies(environment: Environment) -> Iterator[Problem]:
    """Each key that does not go with another one, and what would be right."""
    for name, service in environment.services.items():
        yield from _of_service(environment, name, service)


def _of_service(environment: Environment, name: str, service: Service) -> Iterator[Problem]:
    here = ("services", name)
    if not has_references(service.url):
        yield from (((*here, "url"), problem) for problem in url_problems(service.url))
    known = _dependencies(environment)
    for index, dependency in enumerate(service.depends_on):
        place = (*here, "depends_on", index)
        if dependency == name:
            yield place, "a service cannot depend on itself"
        elif known and dependency not in known:
            yield place, f"no service is named {dependency}; known here: {', '.join(sorted(known))}"
    for section, via in (("health", service.health.via), ("release", service.release.via)):
        if via is not None:
            yield from _of_via(environment, (*here, section, "via"), via)
    if service.release.from_ == "header" and not service.release.header:
        yield (*here, "release", "header"), "needed, since `from` is header"


def _of_via(environment: Environment, place: tuple[str, ...], via: str) -> Iterator[Problem]:
    through = environment.services.get(via)
    public = sorted(name for name, s in environment.services.items() if s.visibility == "public")
    if through is None:
        yield place, f"no service is named {via}; public ones: {', '.join(public)}"
    elif via == place[1] or through.visibility != "public" or through.health.via:
        yield place, f"needs another service, a public one: {', '.join(public)}"


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

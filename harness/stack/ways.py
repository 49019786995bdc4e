"""The links of a stack: a way of its own from each service to each of its dependencies."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from socket import socket
from urllib.parse import urlsplit, urlunsplit

from harness.environment import Environment
from harness.errors import UsageError
from harness.stack import sockets
from harness.stack.children import Announce, Child, Children
from harness.stack.database import LINKS, POSTGRES

POSTGRES_PORT = 5432


@dataclass(frozen=True, slots=True)
class Way:
    """One link.

    Attributes:
        service: Whose way it is.
        dependency: Where it leads, as the service's `depends_on` calls it.
        references: What that service has for the dependency's addresses.
        held: Keeps its port.
        upstream: Where it leads, as host and port.
    """

    service: str
    dependency: str
    references: Mapping[str, str]
    held: socket
    upstream: tuple[str, int]

    def __str__(self) -> str:
        return f"{self.service}.{self.dependency}"


def ways(environment: Environment, known: Mapping[str, str]) -> Iterator[Way]:
    """Takes a port for each dependency of each service that is started here.

    Args:
        environment: What is started.
        known: What references stand for, those to the database among them.

    Raises:
        UsageError: The caller's own database is not one that a link can lead to.
    """
    assert environment.stack is not None, "only what has a stack is started"
    started = environment.stack.services
    for service, declared in environment.services.items():
        for dependency in declared.depends_on if service in started else []:
            if dependency in started:
                target = dependency
            elif dependency not in environment.services and environment.stack.postgres:
                target = POSTGRES
            else:
                continue
            upstream = _upstream(known[f"stack:{target}.url"], target)
            held = sockets.reserve(f"the link {service}.{dependency}")
            port = sockets.port_of(held)
            references = {
                f"stack:{target}.url": _moved(known[f"stack:{target}.url"], port),
                f"stack:{target}.port": str(port),
            }
            yield Way(service, dependency, references, held, upstream)


def start(every: list[Way], api: Path, children: Children) -> Child:
    """Starts the process that the links are in; it is ready once all of them listen."""
    children.not_inherited.extend(way.held for way in every)

    def run(announce: Announce) -> None:
        # Needed by a stack with links alone.
        from harness.link import process

        linked = {str(way): process.Way(way.held, way.upstream) for way in every}
        process.serve(linked, api, announce=announce)

    return children.start_announced(LINKS, run, keep=[way.held for way in every])


def _upstream(url: str, target: str) -> tuple[str, int]:
    parts = urlsplit(url)
    port = parts.port or (POSTGRES_PORT if target == POSTGRES else None)
    if not parts.hostname or port is None or "," in parts.netloc:
        raise UsageError(
            f"links: the URL of {target} names no host, or more than one: a link cannot lead there"
        )
    # Services are called by names that are for their certificates.
    return (parts.hostname if target == POSTGRES else sockets.LOOPBACK), port


def _moved(url: str, port: int) -> str:
    """A URL with the link's port; a certificate is still for its host."""
    parts = urlsplit(url)
    user, at, _ = parts.netloc.rpartition("@")
    host = parts.hostname if parts.scheme.startswith("http") else sockets.LOOPBACK
    return urlunsplit(parts._replace(netloc=f"{user}{at}{host}:{port}"))

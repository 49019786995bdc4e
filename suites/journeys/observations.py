"""What journeys have seen: which answers of which calls, and which cells of the permission matrix.

    observe("gateway", "GET", "/account/teams/5f0c6d0e-…", 504)
    observe_cell("member", "rename team")

What is asked through a `Visit` is observed by itself. Each process adds to one file in the run's
directory when a test has ended.
"""

import json
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from harness.environment import Environment
from harness.model import Exchange
from harness.trail import current
from suites.keyarc.contract import endpoint, service_of
from suites.keyarc.fixtures import VISIT

FILE = "observed.jsonl"
# Where an address has a path of its own, before the paths of the contract.
_PREFIXES = ("/auth/", "/api/")

Seen = tuple[str, ...]

_new: set[Seen] = set()
_kept: set[Seen] = set()


def observe(service: str, method: str, path: str, status: int) -> None:
    """Notes an answer of a service; one of a path that the contract does not have is let go.

    Args:
        path: As it was asked for, or as the contract writes it.
    """
    found = endpoint(service, method, path.partition("?")[0])
    if found is not None:
        _new.add(("answer", service, *found, str(status)))


def observe_cell(who: str, does: str) -> None:
    """Notes that a cell of the permission matrix was tried, and was as it should be."""
    _new.add(("cell", who, does))


def observe_all(exchanges: Iterable[Exchange], environment: Environment | None) -> None:
    """Notes each exchange that was answered.

    Args:
        environment: Where the services are; None where only paths can tell.
    """
    for exchange in exchanges:
        if exchange.status is None:
            continue
        service, path = _place(exchange.url, environment)
        if service is not None:
            observe(service, exchange.method, path, exchange.status)


@contextmanager
def observing(config: pytest.Config) -> Iterator[None]:
    """Observes what is asked on the trail of whoever runs inside, and keeps it."""
    try:
        yield
    finally:
        visit = config.stash.get(VISIT, None)
        observe_all(current().exchanges, visit.environment if visit else None)
        keep(Path(config.getoption("run")))


def keep(run: Path) -> None:
    """Adds what is new in this process to the run's file."""
    lines = "".join(f"{json.dumps(seen)}\n" for seen in sorted(_new - _kept))
    _kept.update(_new)
    _new.clear()
    if lines:
        run.mkdir(parents=True, exist_ok=True)
        # In one piece: other processes write there too.
        file = os.open(run / FILE, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
        try:
            os.write(file, lines.encode())
        finally:
            os.close(file)


def kept(run: Path) -> frozenset[Seen]:
    """What all processes of a run have seen."""
    try:
        lines = (run / FILE).read_text().splitlines()
    except FileNotFoundError:
        return frozenset()
    return frozenset(tuple(json.loads(line)) for line in lines)


def _place(url: str, environment: Environment | None) -> tuple[str | None, str]:
    """Which service a URL is of, and the path there."""
    services = environment.services.items() if environment else ()
    for name, service in services:
        for own in (service.url, *service.also_at):
            if service.visibility == "public" and url.startswith(f"{own.rstrip('/')}/"):
                path = url.removeprefix(own.rstrip("/")).partition("?")[0]
                if endpoint(name, "GET", path):
                    return name, path
    path = urlsplit(url).path
    for prefix in _PREFIXES:
        path = f"/{path.removeprefix(prefix)}" if path.startswith(prefix) else path
    return service_of(path), path

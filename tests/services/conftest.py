"""The services run for real: PostgreSQL, uvicorn, a socket on loopback."""

import itertools
import os
import threading
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest
import uvicorn
from starlette.types import ASGIApp

from harness.stack.sockets import listen, port_of
from services.migrations import upgrade
from tests import postgres

_numbers = itertools.count()


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[postgres.Server]:
    with postgres.server() as server:
        server.query("postgres", "CREATE DATABASE migrated")
        migrate(server.url("migrated"))
        yield server


def migrate(url: str) -> None:
    """Runs the migration job as it is run everywhere."""
    before = os.environ.get("DATABASE_URL")
    os.environ["DATABASE_URL"] = url
    try:
        upgrade.main()
    finally:
        del os.environ["DATABASE_URL"]
        if before is not None:
            os.environ["DATABASE_URL"] = before


@pytest.fixture
def database_url(postgres_server: postgres.Server) -> Iterator[str]:
    """A fresh, migrated database."""
    name = f"test_{next(_numbers)}"
    postgres_server.query(
        "postgres", f"CREATE DATABASE {name} TEMPLATE migrated STRATEGY FILE_COPY"
    )
    yield postgres_server.url(name)
    postgres_server.query("postgres", f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def psql(
    postgres_server: postgres.Server, database_url: str
) -> Callable[..., list[tuple[Any, ...]]]:
    """Runs SQL against the test's database; `$1` and on are filled from the arguments."""
    database = database_url.rpartition("/")[2]

    def run(sql: str, *arguments: Any) -> list[tuple[Any, ...]]:
        return postgres_server.query(database, sql, *arguments)

    return run


@pytest.fixture
def serve() -> Iterator[Callable[[ASGIApp], httpx.Client]]:
    """Starts applications, each behind a socket of its own, and gives a client for each."""
    with Servers() as servers:
        yield servers.start


class Servers:
    """Applications that run until the end of a test."""

    def __init__(self) -> None:
        self._running: list[tuple[uvicorn.Server, threading.Thread, httpx.Client]] = []

    def __enter__(self) -> "Servers":
        return self

    def __exit__(self, *_exception: object) -> None:
        for server, _, client in self._running:
            client.close()
            server.should_exit = True
        for _, thread, _ in self._running:
            thread.join(10)
            assert not thread.is_alive()

    def start(self, app: ASGIApp) -> httpx.Client:
        socket = listen("test")
        config = uvicorn.Config(
            app,
            log_config=None,
            access_log=False,
            lifespan="on",
            timeout_graceful_shutdown=2,
            proxy_headers=False,
        )
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, args=([socket],), daemon=True)
        thread.start()
        # A request made before the application is ready waits in the socket's backlog.
        # Without TLS there is no certificate to check; the means to check one cost 50 ms to load.
        client = httpx.Client(
            base_url=f"http://127.0.0.1:{port_of(socket)}", timeout=30, verify=False
        )
        self._running.append((server, thread, client))
        return client

"""What tells the database's revision without any service."""

import json
import os
import signal
import socket
import ssl
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from services.database import REVISION
from services.migrations import state
from services.tables import SchemaRevision
from tests import postgres
from tests.services.conftest import migrate
from tests.services.lock import Lock

ROOT = Path(__file__).parents[2]
UNAVAILABLE = 69
Psql = Callable[..., list[tuple[Any, ...]]]


def told(url: str | None) -> tuple[int, str, str]:
    """How it ends, and what it prints; never what it was given."""
    given = {} if url is None else {"DATABASE_URL": url}
    ended = subprocess.run(
        [sys.executable, "-m", "services.migrations.state"],
        capture_output=True,
        text=True,
        timeout=60,
        env={"PATH": os.environ["PATH"], **given},
        cwd=ROOT,
        check=False,
    )
    shown = ended.stdout + ended.stderr
    assert "Traceback" not in shown
    assert not any(part in shown for part in ("canary", "127.0.0.1", "localhost"))
    return ended.returncode, ended.stdout, ended.stderr


@pytest.fixture(scope="module")
def own_server() -> Iterator[postgres.Server]:
    with postgres.server() as server:
        migrate(server.url("app"))
        yield server


def test_newest_revision_is_told_with_what_it_serves(database_url: str, psql: Psql) -> None:
    psql(f"INSERT INTO schema_revisions VALUES ({REVISION + 9}, {REVISION + 3})")

    code, out, err = told(database_url)

    assert (code, err) == (0, "")
    assert json.loads(out) == {
        "revision": str(REVISION + 9),
        "oldest_compatible": str(REVISION + 3),
    }


def test_database_that_is_away_is_told_by_a_code_of_its_own(own_server: postgres.Server) -> None:
    own_server.signal(signal.SIGQUIT)
    own_server.wait()
    try:
        code, out, err = told(own_server.url("app"))
    finally:
        own_server.start()

    assert (code, out) == (UNAVAILABLE, "")
    assert err == "the database does not answer: ConnectionRefusedError\n"
    assert told(own_server.url("app"))[0] == 0


def test_database_that_hangs_does_not_answer(
    own_server: postgres.Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", own_server.url("app"))
    monkeypatch.setattr(state, "LIMIT_S", 0.3)
    own_server.signal(signal.SIGSTOP)
    try:
        with pytest.raises(SystemExit) as ended:
            state.main()
    finally:
        own_server.signal(signal.SIGCONT)

    assert ended.value.code == UNAVAILABLE


def test_table_that_is_locked_is_no_database_that_is_down(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", database_url)
    lock = Lock(database_url, "LOCK TABLE schema_revisions IN ACCESS EXCLUSIVE MODE")
    monkeypatch.setattr(state, "QUERY_LIMIT_S", 0.3)
    try:
        with pytest.raises(SystemExit, match="the database answers, but not to this"):
            state.main()
    finally:
        lock.release()


@pytest.mark.parametrize("change", ["DELETE FROM schema_revisions", "DROP TABLE schema_revisions"])
def test_database_without_a_revision_cannot_be_told(
    database_url: str, psql: Psql, change: str
) -> None:
    psql(change)

    code, out, err = told(database_url)

    assert (code, out) == (1, "")
    assert err.startswith("cannot tell: ")


def test_who_is_refused_does_not_say_that_the_database_is_down(database_url: str) -> None:
    name = database_url.rpartition("/")[2]
    password = database_url.partition("@")[0].rpartition(":")[2]
    for wrong in (
        database_url.replace(f":{password}@", ":canary@"),
        database_url.removesuffix(name) + "canary",
        "postgresql://canary:canary@canary.invalid:5432/canary",
    ):
        code, out, err = told(wrong)

        assert (code, out, err.count("\n")) == (1, "", 1)
        assert err.startswith("cannot tell: ")


@pytest.mark.parametrize("url", [None, "", "canary", "mysql://canary@canary/canary"])
def test_setting_that_is_missing_or_malformed_is_named(url: str | None) -> None:
    code, out, err = told(url)

    assert (code, out, err.count("\n")) == (1, "", 1)
    assert err.startswith("cannot start: DATABASE_URL: ")


@pytest.mark.parametrize(
    ("error", "down"),
    [
        (ConnectionRefusedError(111, "refused"), True),
        (ConnectionResetError(104, "reset"), True),
        (FileNotFoundError(2, "no such socket"), True),
        (TimeoutError(), True),
        (OSError("Multiple exceptions: [Errno 111], [Errno 111]"), True),
        (asyncpg.CannotConnectNowError(), True),
        (asyncpg.AdminShutdownError(), True),
        (asyncpg.CrashShutdownError(), True),
        (asyncpg.ConnectionDoesNotExistError(), True),
        (socket.gaierror(-2, "no such name"), False),
        (ssl.SSLCertVerificationError(99, "expired"), False),
        (OSError(101, "network is unreachable"), False),
        (OSError(113, "no route to host"), False),
        (asyncpg.TooManyConnectionsError(), False),
        (asyncpg.InvalidPasswordError(), False),
        (asyncpg.InvalidCatalogNameError(), False),
        (asyncpg.UndefinedTableError(), False),
        (asyncpg.InterfaceError("canary"), False),
    ],
    ids=repr,
)
def test_only_a_database_that_is_away_is_down(error: Exception, down: bool) -> None:
    assert state.is_down(error) is down


def test_it_looks_at_the_table_that_the_services_look_at() -> None:
    assert f"FROM {SchemaRevision.__tablename__} " in state.NEWEST


def test_it_loads_nothing_heavy() -> None:
    program = "import sys, services.migrations.state; print(*sys.modules)"
    loaded = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, cwd=ROOT, check=True
    ).stdout.split()

    assert {"sqlalchemy", "pydantic", "alembic", "fastapi"}.isdisjoint(loaded)

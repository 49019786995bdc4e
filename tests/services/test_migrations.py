"""The migrations make what the code expects, once, and say which code they serve."""

import asyncio
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest
from pydantic import SecretStr
from sqlalchemy import Engine, event
from starlette.types import ASGIApp

from services.account.app import create
from services.database import REVISION, Database
from services.migrations import upgrade
from tests import postgres
from tests.services.account.conftest import settings
from tests.services.conftest import migrate
from tests.services.lock import Lock
from tests.services.schema import REVISIONS, SCRIPTS, differences

Psql = Callable[..., list[tuple[Any, ...]]]


@pytest.fixture
def empty_database(postgres_server: postgres.Server) -> Iterator[str]:
    postgres_server.query("postgres", "CREATE DATABASE empty")
    yield postgres_server.url("empty")
    postgres_server.query("postgres", "DROP DATABASE empty WITH (FORCE)")


def test_models_are_what_the_migrations_make(database_url: str) -> None:
    assert differences(database_url) == []


@pytest.mark.parametrize(
    "change",
    [
        "ALTER TABLE users ADD COLUMN extra text",
        "ALTER TABLE users ALTER COLUMN email DROP NOT NULL",
        "ALTER TABLE users ALTER COLUMN display_name DROP DEFAULT",
        "ALTER TABLE secrets ALTER COLUMN version TYPE text",
        "ALTER TABLE users DROP CONSTRAINT users_email_lower",
        "ALTER TABLE users DROP CONSTRAINT users_email_key",
        "ALTER TABLE folders DROP CONSTRAINT folders_owner_team_id_fkey",
        "DROP INDEX audit_log_of_secret",
        "DROP TABLE idempotency_keys",
    ],
)
def test_difference_is_found(database_url: str, psql: Psql, change: str) -> None:
    psql(change)

    assert differences(database_url) != []


def test_code_is_written_for_the_newest_migration() -> None:
    assert SCRIPTS.get_heads() == [f"{REVISION:04}"]
    assert [int(script.revision) for script in REVISIONS] == list(range(1, REVISION + 1))


def test_each_migration_records_the_oldest_code_that_it_serves(psql: Psql) -> None:
    declared = [(int(script.revision), script.module.OLDEST_COMPATIBLE) for script in REVISIONS]

    recorded = psql("SELECT revision, oldest_compatible FROM schema_revisions ORDER BY revision")

    assert recorded == declared
    oldest = [oldest for _, oldest in declared]
    assert all(1 <= oldest <= revision for revision, oldest in declared)
    assert oldest == sorted(oldest), "what no longer serves a revision never does again"


OLDER, NEWER = REVISION - 1, REVISION + 1


@pytest.mark.parametrize(
    ("change", "status", "told"),
    [
        ("SELECT 1", 200, (REVISION, REVISION)),
        (f"INSERT INTO schema_revisions VALUES ({NEWER}, {OLDER})", 200, (NEWER, OLDER)),
        (f"INSERT INTO schema_revisions VALUES ({NEWER}, {REVISION})", 200, (NEWER, REVISION)),
        (f"INSERT INTO schema_revisions VALUES ({NEWER}, {NEWER})", 503, (NEWER, NEWER)),
        (
            f"UPDATE schema_revisions SET revision = {OLDER}, oldest_compatible = {OLDER}",
            503,
            (OLDER, OLDER),
        ),
        ("DELETE FROM schema_revisions", 503, None),
        ("DROP TABLE schema_revisions", 503, None),
    ],
)
def test_health_is_bound_to_the_schema(
    database_url: str,
    psql: Psql,
    serve: Callable[[ASGIApp], httpx.Client],
    change: str,
    status: int,
    told: tuple[int, int] | None,
) -> None:
    account = serve(create(settings(database_url)))
    psql(change)

    answer = account.get("/health")

    outcome = "pass" if status == 200 else "fail"
    (entry,) = answer.json()["checks"]["postgres:responseTime"]
    assert (answer.status_code, answer.json()["status"], entry["status"]) == (
        status,
        outcome,
        outcome,
    )
    schema = [
        (entry["status"], entry["observedValue"], entry["oldestCompatible"])
        for entry in answer.json()["checks"].get("postgres:schema", [])
    ]
    assert schema == ([(outcome, *told)] if told else [])
    assert account.get("/health/live").status_code == 200


def test_health_asks_the_database_one_question(database_url: str) -> None:
    asked: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_more: object) -> None:
        asked.append(statement)

    async def run() -> None:
        database = Database(SecretStr(database_url))
        async with database.lifespan(None):
            await database.probe()

    event.listen(Engine, "before_cursor_execute", note)
    try:
        asyncio.run(run())
    finally:
        event.remove(Engine, "before_cursor_execute", note)
    [question] = [each for each in asked if "schema_revisions" in each]
    assert len(asked) - asked.index(question) == 1, "what goes before is the driver's own"


def test_two_jobs_at_once_migrate_once(
    empty_database: str, postgres_server: postgres.Server
) -> None:
    jobs = [start_job(empty_database) for _ in range(2)]
    outputs = [job.communicate(timeout=60) for job in jobs]

    assert [job.returncode for job in jobs] == [0, 0], outputs
    rows = postgres_server.query("empty", "SELECT revision FROM schema_revisions")
    assert len(rows) == REVISION


def test_job_waits_for_the_lock(empty_database: str, postgres_server: postgres.Server) -> None:
    lock = Lock(empty_database, "SELECT pg_advisory_xact_lock($1)", upgrade.ADVISORY_LOCK)
    with ThreadPoolExecutor(1) as pool:
        job = pool.submit(migrate, empty_database)
        try:
            lock.wait_until_somebody_waits()
            tables = "SELECT 1 FROM pg_tables WHERE schemaname = 'public'"
            assert postgres_server.query("empty", tables) == []
        finally:
            lock.release()
        job.result()

    assert differences(empty_database) == []


def test_second_run_changes_nothing(database_url: str, psql: Psql) -> None:
    everything = "SELECT * FROM schema_revisions"
    before = psql(everything)

    migrate(database_url)

    assert psql(everything) == before


def test_failed_migration_leaves_nothing(
    empty_database: str, postgres_server: postgres.Server
) -> None:
    postgres_server.query("empty", "CREATE TABLE secrets ()")

    with pytest.raises(SystemExit, match=r"^cannot migrate: [\w: ]+$"):
        migrate(empty_database)

    tables = "SELECT tablename::text FROM pg_tables WHERE schemaname = 'public'"
    assert postgres_server.query("empty", tables) == [("secrets",)]


def start_job(url: str | None) -> "subprocess.Popen[str]":
    environment = {"PATH": os.environ["PATH"], **({} if url is None else {"DATABASE_URL": url})}
    return subprocess.Popen(
        [sys.executable, "-m", "services.migrations.upgrade"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment,
        cwd=Path(__file__).parents[2],
    )


@pytest.mark.parametrize("url", [None, "canary"])
def test_job_without_its_setting_ends_with_one_line(url: str | None) -> None:
    output, errors = start_job(url).communicate(timeout=60)

    assert (output, errors.count("\n")) == ("", 1)
    assert errors.startswith("cannot start: DATABASE_URL: ")
    assert "canary" not in errors


def test_job_that_is_refused_ends_with_one_line(database_url: str) -> None:
    name = database_url.rpartition("/")[2]
    password = database_url.partition("@")[0].rpartition(":")[2]
    for wrong in (
        database_url.replace(f":{password}@", ":canary@"),
        database_url.removesuffix(name) + "canary",
        "postgresql://canary:canary@127.0.0.1:1/canary",
    ):
        with pytest.raises(SystemExit) as ended:
            migrate(wrong)

        assert str(ended.value).startswith("cannot migrate: ")
        assert "canary" not in str(ended.value)
        assert "\n" not in str(ended.value)


def test_job_of_an_older_release_says_that_the_database_is_newer(
    database_url: str, psql: Psql
) -> None:
    psql("UPDATE alembic_version SET version_num = '9999'")

    with pytest.raises(SystemExit, match="a revision that this code does not know"):
        migrate(database_url)

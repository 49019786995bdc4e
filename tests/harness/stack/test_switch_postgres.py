"""The database, ended and started by order: what it had is there after."""

import asyncio
import time
from collections.abc import Iterator
from typing import Any

import asyncpg
import pytest

from harness.errors import UsageError
from harness.stack import control
from tests.harness.stack.conftest import Sandbox, kept, until


@pytest.fixture(scope="module")
def up(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    """One stack for all: each test leaves the database as it is declared, and running."""
    with kept(tmp_path_factory.mktemp("stack")) as here:
        here.declare(postgres={"database": "app"})
        done = here.up()
        assert done.code == 0, done
        yield here


def run(sandbox: Sandbox, sql: str) -> Any:
    """What the database says, as soon as it says anything."""

    async def ask() -> Any:
        connection = await asyncpg.connect(sandbox.references()["stack:postgres.url"])
        try:
            return await connection.fetchval(sql)
        finally:
            await connection.close()

    deadline_s = time.monotonic() + 20
    while True:
        try:
            return asyncio.run(ask())
        except (OSError, asyncpg.CannotConnectNowError):
            assert time.monotonic() < deadline_s
            time.sleep(0.02)


def servers(sandbox: Sandbox) -> list[str]:
    return [str(each) for each in sandbox.processes() if each.name() == "postgres"]


@pytest.mark.parametrize("at_once", [True, False])
def test_what_it_had_is_there_after(up: Sandbox, at_once: bool) -> None:
    run(up, "CREATE TABLE kept (number int)")
    for number in range(1, 4):
        run(up, f"INSERT INTO kept VALUES ({number})")
        for _ in range(2):
            control.stop(up.state.path, "postgres", at_once=at_once)
            assert servers(up) == []
        with pytest.raises(ConnectionRefusedError):
            asyncio.run(asyncpg.connect(up.references()["stack:postgres.url"]))
        control.start(up.state.path, "postgres")
        assert run(up, "SELECT count(*) FROM kept") == number
    assert control.status(up.state.path)["stopped"] == []
    run(up, "DROP TABLE kept")


def test_it_is_killed_with_a_client_at_work_and_started_in_one_go(up: Sandbox) -> None:
    run(up, "CREATE TABLE kept (number int)")

    async def interrupted() -> None:
        connection = await asyncpg.connect(up.references()["stack:postgres.url"])
        work = asyncio.create_task(connection.execute("SELECT pg_sleep(60)"))
        await asyncio.sleep(0)
        await asyncio.to_thread(control.start, up.state.path, "postgres")
        with pytest.raises((OSError, asyncpg.PostgresError)):
            await work

    asyncio.run(interrupted())
    assert run(up, "SELECT count(*) FROM kept") == 0
    run(up, "DROP TABLE kept")


def test_other_settings_last_until_the_next_start(up: Sandbox) -> None:
    read_only = {"default_transaction_read_only": "on", "jit": None}
    control.start(up.state.path, "postgres", settings=read_only)
    assert run(up, "SHOW default_transaction_read_only") == "on"
    assert run(up, "SHOW jit") == "on"
    control.start(up.state.path, "postgres")
    assert run(up, "SHOW default_transaction_read_only") == "off"


def test_one_that_does_not_start_is_seen(up: Sandbox) -> None:
    control.start(up.state.path, "postgres", settings={"work_mem": "nonsense"})
    until(lambda: up.run("status", "--env", up.env).code == 20)
    assert "exited with 1" in up.run("status", "--env", up.env).out
    control.start(up.state.path, "postgres")
    assert run(up, "SELECT 1") == 1


def test_the_callers_own_is_left_alone(sandbox: Sandbox) -> None:
    sandbox.declare(postgres={"database": "app"})
    sandbox.up(DATABASE_URL="postgresql://me:mine@db.example/app")
    with pytest.raises(UsageError, match="comes from elsewhere"):
        control.stop(sandbox.state.path, "postgres", at_once=True)

"""A database on a disk of its own, which can be full."""

import asyncio
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import asyncpg
import pytest
from pydantic import ValidationError

from harness.environment import Postgres
from harness.errors import StackError
from harness.stack import control, disk
from tests.harness.stack.conftest import ROOT, Sandbox, kept, until
from tests.harness.stack.test_switch_postgres import run

POSTGRES = {"database": "app", "disk_mb": 64, "settings": {"max_wal_size": "16MB"}}


@pytest.fixture(scope="module")
def up(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    with kept(tmp_path_factory.mktemp("stack")) as here:
        here.declare(postgres=POSTGRES)
        done = here.up()
        assert done.code == 0, done
        why = disk.lacks(here.state.path)
        if why:
            pytest.skip(why)
        yield here


def write(sandbox: Sandbox, size_bytes: int) -> None:
    run(sandbox, "CREATE TABLE IF NOT EXISTS kept (text text)")
    run(sandbox, "ALTER TABLE kept ALTER text SET STORAGE EXTERNAL")
    run(sandbox, f"INSERT INTO kept VALUES (repeat('x', {size_bytes}))")


def count(sandbox: Sandbox) -> int:
    found: int = run(sandbox, "SELECT count(*) FROM kept")
    return found


def test_it_is_full_until_it_is_freed_and_loses_nothing(up: Sandbox) -> None:
    write(up, 100_000)
    before = count(up)
    filled = disk.fill(up.state.path)
    assert 5 * disk.MB < filled < 64 * disk.MB
    assert disk.fill(up.state.path) >= filled
    with pytest.raises(asyncpg.DiskFullError):
        write(up, 100_000)
    # It comes back on a full disk too.
    control.start(up.state.path, "postgres")
    assert count(up) == before
    disk.free(up.state.path)
    disk.free(up.state.path)
    write(up, 100_000)
    assert count(up) == before + 1


def test_it_outlives_the_server_and_not_the_supervisor(sandbox: Sandbox) -> None:
    sandbox.declare(postgres=POSTGRES)
    sandbox.up()
    if disk.lacks(sandbox.state.path):
        pytest.skip("not allowed here")
    write(sandbox, 1000)
    for at_once in (True, False):
        control.stop(sandbox.state.path, "postgres", at_once=at_once)
        control.start(sandbox.state.path, "postgres")
        assert count(sandbox) == 1
    sandbox.supervisor().kill()
    until(lambda: sandbox.processes() == [])
    assert mounted(sandbox) == []
    sandbox.down()
    assert sandbox.left() == []


def mounted(sandbox: Sandbox) -> list[Path]:
    """Processes of this machine that still see it."""
    folder, found = str(sandbox.state.runtime), []
    for file in Path("/proc").glob("[0-9]*/mountinfo"):
        with suppress(OSError):
            found += [file] if folder in file.read_text() else []
    return found


def test_a_stack_without_one_says_so(sandbox: Sandbox) -> None:
    assert "no stack is up" in str(disk.lacks(sandbox.state.path))
    sandbox.up()
    with pytest.raises(StackError, match="disk_mb"):
        disk.fill(sandbox.state.path)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root has something to be taken from")
def test_where_it_is_not_allowed_the_stack_is_up_without_and_says_why(sandbox: Sandbox) -> None:
    sandbox.declare(postgres=POSTGRES)
    command = ["setpriv", "--bounding-set=-sys_admin", sys.executable, "-m", "harness", "up"]
    done = subprocess.run(
        [*command, "--env", "here.yaml"],
        cwd=sandbox.path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done
    assert "not allow a disk of its own: Operation not permitted" in str(
        disk.lacks(sandbox.state.path)
    )
    status = sandbox.run("status", "--env", "here.yaml")
    assert (status.code, "not allow a disk" in status.out) == (0, True)
    assert run(sandbox, "SELECT 1") == 1


def test_a_container_has_its_own() -> None:
    with pytest.raises(ValidationError, match="`disk_mb` goes with `source: embedded`"):
        Postgres(disk_mb=64, source="container")


def test_it_is_no_path_of_this_process(up: Sandbox) -> None:
    folder = up.state.runtime / "postgres"
    assert list(folder.iterdir()) == []
    assert asyncio.run(asyncio.to_thread(run, up, "SELECT 1")) == 1

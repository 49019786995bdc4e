"""Journeys again and again, each time in another order, and two at once: nothing is left."""

import asyncio
import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import pytest

from tests.harness.stack.conftest import Sandbox

RUNS = int(os.environ.get("STORY_JOURNEYS", "3"))
LIMIT_S = 240
TABLES = (
    "SELECT table_name::text FROM information_schema.tables"
    " WHERE table_schema = 'public' AND table_type = 'BASE TABLE'"
)


@pytest.fixture
def keyarc(tmp_path: Path) -> Iterator[Sandbox]:
    system = Sandbox(tmp_path, "local")
    assert system.up().code == 0
    try:
        yield system
    finally:
        system.down()


def rows(system: Sandbox) -> dict[str, int]:
    """How many rows each table has."""

    async def count() -> dict[str, int]:
        connection = await asyncpg.connect(system.references()["stack:postgres.url"])
        try:
            tables = [row[0] for row in await connection.fetch(TABLES)]
            return {
                table: await connection.fetchval(f'SELECT count(*) FROM "{table}"')
                for table in tables
            }
        finally:
            await connection.close()

    return asyncio.run(count())


def must_be_go(system: Sandbox, name: str, process: "subprocess.Popen[str]") -> None:
    said = process.communicate(timeout=LIMIT_S)
    assert process.returncode == 0, (name, said)
    verdict = json.loads((system.path / "runs" / name / "verdict.json").read_text())
    assert (verdict["verdict"], verdict["reasons"]) == ("GO", []), (name, said)


def words(name: str, *more: str) -> tuple[str, ...]:
    return ("journeys", "--env", "local", "--shuffle", name, "--output", f"runs/{name}", *more)


@pytest.mark.timeout(120 + 90 * RUNS)
def test_every_run_is_go_and_leaves_no_row(keyarc: Sandbox) -> None:
    before = rows(keyarc)
    assert before["users"] == 0
    for number in range(RUNS):
        must_be_go(keyarc, str(number), keyarc.start(*words(str(number))))
        assert rows(keyarc) == before, number


@pytest.mark.timeout(120 + LIMIT_S)
def test_two_at_once_are_both_go(keyarc: Sandbox) -> None:
    before = rows(keyarc)
    both = {name: keyarc.start(*words(name, "-n", "1")) for name in ("one", "other")}
    for name, process in both.items():
        must_be_go(keyarc, name, process)
    assert rows(keyarc) == before

"""Runs of journeys against KeyArc within the test process, and a look at every row they leave."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from harness.journal import JOURNAL, read
from tests import postgres
from tests.harness.cli.command import started
from tests.suites.conftest import DATABASE, Users
from tests.suites.system import System

SOME = "journeys.test_[fr]*"
LIMIT_S = 60


@dataclass
class Site:
    """A folder with the file of an environment, and the database behind it."""

    system: System
    folder: Path
    server: postgres.Server

    def query(self, sql: str) -> list[tuple[object, ...]]:
        return self.server.query(DATABASE, sql)

    def rows(self) -> dict[str, int]:
        """How many there are in each table."""
        tables = self.query("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        return {
            str(table): int(str(self.query(f'SELECT count(*) FROM "{table}"')[0][0]))
            for (table,) in tables
        }

    def declare(self, **more: object) -> None:
        (self.folder / "here.yaml").write_text(json.dumps({**self.system.declaration(), **more}))

    @asynccontextmanager
    async def journeys(
        self, *words: str, run: str = "one"
    ) -> AsyncIterator[asyncio.subprocess.Process]:
        """The command, running. `run`: the folder of its evidence."""
        told = ("--env=here.yaml", f"--output=runs/{run}", f"--only={SOME}", *words)
        cheap = {"KEYARC_ARGON2_COST": "1.64.1"}
        async with started(self.folder, "journeys", *told, variables=cheap) as process:
            yield process

    async def has_begun(self, people: int = 3) -> None:
        """Returns once so many people are there, and a test is over."""
        file = self.folder / "runs" / "one" / JOURNAL
        async with asyncio.timeout(LIMIT_S):
            while not self._is_under_way(file.with_name("results.jsonl"), people):  # noqa: ASYNC110  written by another process
                await asyncio.sleep(0.02)

    def _is_under_way(self, results: Path, people: int) -> bool:
        file = results.with_name(JOURNAL)
        made = len(read(file).left) if file.exists() else 0
        return made >= people and b'"journeys.' in results.read_bytes()

    def outcomes(self, run: str = "one") -> set[str]:
        lines = (self.folder / "runs" / run / "results.jsonl").read_text().splitlines()
        return {json.loads(line)["outcome"] for line in lines}


@pytest.fixture
def site(
    system: System,
    users_left: Users,
    postgres_server: postgres.Server,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Site:
    monkeypatch.chdir(tmp_path)
    site = Site(system, tmp_path, postgres_server)
    site.declare()
    return site

"""One suite, its database from elsewhere: in a container, and a server that exists."""

import asyncio
import json
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from tests import postgres
from tests.container.conftest import containers
from tests.harness.stack.conftest import Done, Sandbox
from tests.services.conftest import migrate

JOURNEYS_LIMIT_S = 600
pytestmark = [pytest.mark.container, pytest.mark.lane, pytest.mark.timeout(JOURNEYS_LIMIT_S + 60)]
# Somebody was here before; and not all of what they left is as it should be.
OF_OTHERS = (
    "INSERT INTO users (email, auth_hash, encrypted_vault_key, encrypted_private_key, public_key)"
    " VALUES ('somebody@example.com', 'h', 'v', 'p', 'k')",
    "INSERT INTO teams (name) VALUES ('without an owner')",
    "INSERT INTO secrets (name, encrypted_value, type, owner_team_id)"
    " SELECT 'theirs', 'x', 'other', id FROM teams",
    "INSERT INTO folders (name, owner_user_id) SELECT 'theirs', id FROM users",
    "INSERT INTO audit_log (action, secret_id, owner_team_id)"
    " SELECT 'share', id, owner_team_id FROM secrets",
)
TABLES = "SELECT tablename::text FROM pg_tables WHERE schemaname = 'public'"


@pytest.fixture
def keyarc(tmp_path: Path) -> Iterator[Sandbox]:
    sandbox = Sandbox(tmp_path, "local")
    yield sandbox
    sandbox.down()
    assert (containers(sandbox), sandbox.left()) == ([], [])


@contextmanager
def existing() -> Iterator[str]:
    """The URL of a server that is there already, with rows of others."""
    with postgres.server() as server:
        migrate(server.url("app"))
        for statement in OF_OTHERS:
            server.query("app", statement)
        yield server.url("app")


def stored(url: str) -> dict[str, list[str]]:
    """Every row of every table."""

    async def look() -> dict[str, list[str]]:
        connection: Any = await asyncpg.connect(url)
        try:
            return {
                table: [
                    row
                    for (row,) in await connection.fetch(
                        f'SELECT t::text FROM "{table}" t ORDER BY 1'
                    )
                ]
                for (table,) in await connection.fetch(TABLES)
            }
        finally:
            await connection.close()

    return asyncio.run(look())


def journeys(keyarc: Sandbox, *arguments: str) -> Done:
    """The whole suite, unless the arguments say otherwise."""
    words = ("journeys", "--env", "local", "--timeout", f"{JOURNEYS_LIMIT_S}s", "--quiet")
    # Patient, for the sake of a busy machine: what this is about is another matter.
    process = keyarc.start(*words, *arguments, KEYARC_JOURNEY_LIMIT_S="120")
    try:
        out, err = process.communicate(timeout=JOURNEYS_LIMIT_S + 30)
    finally:
        process.kill()
    return Done(process.returncode, out, err)


# The embedded one is what every other run of the journeys has.
@pytest.mark.parametrize("source", ["container", "existing"])
def test_the_journeys_pass_and_leave_every_row_as_it_was(keyarc: Sandbox, source: str) -> None:
    with existing() if source == "existing" else nullcontext("not even a URL") as url:
        # A container and an embedded server are had whatever the variable says.
        assert (up := keyarc.up("--database", source, DATABASE_URL=url)).code == 0, up
        references = keyarc.references()
        assert references["stack:postgres.source"] == source
        assert len(containers(keyarc)) == (source == "container")
        database = references["stack:postgres.url"]
        before = stored(database)
        done = journeys(keyarc, "--database", source)
        assert (done.code, done.out[:3]) == (0, "GO "), done
        assert stored(database) == before
        assert (before["users"] != []) == (source == "existing")


def test_the_journeys_start_a_container_for_themselves(keyarc: Sandbox) -> None:
    done = journeys(keyarc, "--database", "container", "--only", "*test_database*")
    assert done.code == 20, "a part of the suite is never GO"
    [file] = (keyarc.path / "reports" / "runs").glob("*/results.jsonl")
    outcomes = [json.loads(line)["outcome"] for line in file.read_text().splitlines()]
    assert (set(outcomes), len(outcomes) > 10) == ({"pass"}, True), done

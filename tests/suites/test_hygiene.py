"""However a run of journeys ends, not a row of it is left, and whatever it made carried its id.

What is killed, and swept, is in tests/story/journeys.
"""

import asyncio
import json
import signal
from collections.abc import Callable, Iterator

import pytest

from tests.harness.cli.command import Done, finished
from tests.planting import instead, when
from tests.suites.defects.remembering import SECRETS
from tests.suites.hygiene import Site, site

__all__ = ["site"]

NAMES = {
    "users": ("email", "display_name"),
    "teams": ("name",),
    "folders": ("name",),
    "secrets": ("name",),
}


@pytest.fixture
def names(site: Site) -> Iterator[Callable[[], set[str]]]:
    """Every name and email that is written while the test lasts."""
    site.query("CREATE TABLE written (name text)")
    for table, columns in NAMES.items():
        values = ", ".join(f"(NEW.{column})" for column in columns)
        site.query(
            f"CREATE FUNCTION note_{table}() RETURNS trigger LANGUAGE plpgsql AS "
            f"'BEGIN INSERT INTO written VALUES {values}; RETURN NULL; END'"
        )
        site.query(
            f"CREATE TRIGGER note AFTER INSERT OR UPDATE ON {table} "
            f"FOR EACH ROW EXECUTE FUNCTION note_{table}()"
        )
    yield lambda: {str(name) for (name,) in site.query("SELECT name FROM written")} - {""}
    for table in NAMES:
        site.query(f"DROP FUNCTION note_{table} CASCADE")
    site.query("DROP TABLE written")


async def _ended(site: Site, *words: str) -> Done:
    async with site.journeys(*words) as process:
        return await finished(process)


def test_a_run_with_failures_leaves_no_row_and_names_all_after_itself(
    site: Site, names: Callable[[], set[str]]
) -> None:
    before = site.rows()
    with site.system.broken("gateway", when("PUT", SECRETS, instead(403))):
        done = asyncio.run(_ended(site, "-n", "2"))
    assert (done.code, site.outcomes()) == (10, {"pass", "fail"}), done.err
    written = names()
    assert {**site.rows(), "written": 0} == before
    run_id = json.loads((site.folder / "runs" / "one" / "manifest.json").read_text())["run_id"]
    assert len(written) > 20
    assert {name for name in written if run_id.lower() not in name.lower()} == set()
    assert "left behind" not in done.err


def test_ctrl_c_leaves_no_row(site: Site) -> None:
    async def run() -> Done:
        async with site.journeys("-n", "2") as process:
            await site.has_begun()
            process.send_signal(signal.SIGINT)
            return await finished(process)

    before, done = site.rows(), asyncio.run(run())
    assert (done.code, "left behind" in done.err) == (130, False), done.err
    assert site.rows() == before

"""Journeys that are killed: what they leave is found, and not a row is left after it."""

import asyncio
import os
import random

import psutil
import pytest

from harness.cli._sweep_run import Request, sweep_run
from harness.journal import JOURNAL, goes_on
from tests.harness.cli.command import Done, finished
from tests.suites.conftest import DATABASE
from tests.suites.hygiene import LIMIT_S, Site

KILLS, SEED = int(os.environ.get("STORY_JOURNEYS", "2")), 7


def test_a_worker_that_is_killed_leaves_no_row(site: Site) -> None:
    async def run() -> Done:
        async with site.journeys("-n", "2") as process:
            await site.has_begun()
            workers = [each for each in _family(process.pid) if _is_worker(each)]
            workers[0].kill()
            return await finished(process)

    before, done = site.rows(), asyncio.run(run())
    assert (done.code, "left behind" in done.err) in ((20, False), (10, False)), done.err
    assert site.rows() == before


def test_what_is_left_when_all_is_killed_is_found_and_swept(
    site: Site, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    async def run() -> None:
        async with site.journeys("-n", "0") as process:
            await site.has_begun()
            await _killed(site, process)

    def swept(runs: str, *, dry: bool = False) -> list[str]:
        assert sweep_run(Request(env="here.yaml", age_s=0, runs=runs, is_dry=dry)) == 0
        lines = capsys.readouterr().out.splitlines()
        return sorted(line for line in lines if "remove" in line and " user " in line)

    before = site.rows()
    asyncio.run(run())
    assert site.rows() != before
    by_journal = swept("runs", dry=True)
    monkeypatch.setenv("HERE", site.server.url(DATABASE))
    site.declare(insight={"database": "${env:HERE}"})
    (site.folder / "none").mkdir()
    # One of them may have been about to sign up.
    assert set() < set(swept("none", dry=True)) <= set(by_journal)
    site.declare()
    assert (
        set()
        < {each.split()[-1] for each in swept("runs")}
        <= {each.split()[-1] for each in by_journal}
    )
    assert site.rows() == before


@pytest.mark.parametrize("round_", range(KILLS))
def test_killed_at_any_moment_all_is_swept(site: Site, round_: int) -> None:
    """Of two that go on at once one is killed: its rows are swept, and none of the other's."""
    chance = random.Random(f"{SEED}/{round_}")

    async def run() -> Done:
        async with (
            site.journeys("-n", "2") as killed,
            site.journeys("-n", "0", run="two") as other,
        ):
            await site.has_begun(people=chance.randint(1, 8))
            await _killed(site, killed)
            request = Request(env="here.yaml", age_s=0, runs="runs", is_dry=False)
            assert await asyncio.to_thread(sweep_run, request) == 0
            return await finished(other)

    before, done = site.rows(), asyncio.run(run())
    assert site.outcomes("two") == {"pass"}, done.out
    assert site.rows() == before


async def _killed(site: Site, process: asyncio.subprocess.Process) -> None:
    """Ends it, and all that it started, with no time for anything."""
    for each in [*_family(process.pid), psutil.Process(process.pid)]:
        each.kill()
    await finished(process)
    async with asyncio.timeout(LIMIT_S):
        while goes_on(site.folder / "runs" / "one" / JOURNAL):  # noqa: ASYNC110  of the kernel
            await asyncio.sleep(0.02)


def _family(pid: int) -> list[psutil.Process]:
    return psutil.Process(pid).children(recursive=True)


def _is_worker(process: psutil.Process) -> bool:
    return any("exec(eval(" in word for word in process.cmdline())

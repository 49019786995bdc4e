"""A run always concludes: with obstacles before it, and when it is cut short at its end."""

import asyncio
from pathlib import Path

import pytest

from harness.check import Check
from harness.exchange import EvidenceClient
from harness.model import Verdict
from harness.plan import plan_of
from harness.records import RunDirectory, read
from harness.target import Target
from harness.verification import Verification
from tests.harness.server import Answer, Server, serving
from tests.harness.verifying import environment


async def answers(target: Target) -> None:
    """It answers."""
    await target.get("/", expect=200)


def verification(server: Server, directory: Path) -> Verification:
    where = environment({"a": server.url})
    checks = [Check(id="answers", service="a", function=answers)]
    return Verification(
        plan=plan_of(where, checks, resources={}),
        environment=where,
        directory=RunDirectory(directory),
        run_id="test",
        command="keyarc-verify smoke --env a",
    )


def test_obstacles_keep_the_checks_from_running_and_the_run_from_go(tmp_path: Path) -> None:
    async def obstacles() -> list[str]:
        return ["one", "two"]

    async def run() -> list[object]:
        async with serving(lambda seen: Answer()) as server:
            obstructed = verification(server, tmp_path / "run")
            obstructed.obstacles = obstacles
            await obstructed.run()
            return list(server.seen)

    assert asyncio.run(run()) == []
    record = read(tmp_path / "run")
    assert (record.judgement.verdict, record.results) == (Verdict.HOLD, ())
    assert ["one", "two", "did not finish"] == [r.text for r in record.judgement.reasons]
    assert record.manifest.command == "keyarc-verify smoke --env a"


def test_obstacles_that_break_are_a_hold_with_a_verdict(tmp_path: Path) -> None:
    async def obstacles() -> list[str]:
        raise ZeroDivisionError

    async def run() -> None:
        async with serving(lambda seen: Answer()) as server:
            obstructed = verification(server, tmp_path / "run")
            obstructed.obstacles = obstacles
            await obstructed.run()

    asyncio.run(run())
    assert read(tmp_path / "run").judgement.verdict is Verdict.HOLD


def test_a_run_that_is_cut_short_while_it_closes_leaves_a_verdict(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def run() -> Verification:
        closing = asyncio.Event()
        really_close = EvidenceClient.close

        async def close(client: EvidenceClient) -> None:
            closing.set()
            try:
                await asyncio.Event().wait()
            finally:
                await really_close(client)

        monkeypatch.setattr(EvidenceClient, "close", close)
        async with serving(lambda seen: Answer()) as server:
            cut = verification(server, tmp_path / "run")
            task = asyncio.create_task(cut.run())
            await closing.wait()
            task.cancel()
            await task
            return cut

    assert asyncio.run(run()).interrupted
    assert read(tmp_path / "run").judgement.verdict is Verdict.HOLD


@pytest.mark.parametrize(
    ("release", "id_", "verdict"),
    [
        (None, "answers", Verdict.GO),
        ("r7", "answers", Verdict.HOLD),
        ("r7", "release.a", Verdict.GO),
    ],
)
def test_a_release_that_nobody_looks_at_is_never_go(
    tmp_path: Path, release: str | None, id_: str, verdict: Verdict
) -> None:
    async def run() -> None:
        async with serving(lambda seen: Answer()) as server:
            expecting = verification(server, tmp_path / "run")
            expecting.release = release
            checks = [Check(id=id_, service="a", function=answers)]
            expecting.plan = plan_of(expecting.environment, checks, resources={})
            await expecting.run()

    asyncio.run(run())
    assert read(tmp_path / "run").judgement.verdict is verdict

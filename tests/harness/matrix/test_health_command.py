"""`keyarc-verify health` on a stranger's system: one environment file, no code of ours for it."""

import asyncio
import json
import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from harness.stack.state import StateDirectory
from tests.harness.cli.command import Done, finished, keyarc_verify, started

APPS = "tests.harness.matrix.town"
REFUSE = "faults.refuse.front.store"
BLACKHOLE = "faults.blackhole.front.store"


def declare(folder: Path, **more: Any) -> None:
    """`town.yaml`."""

    def service(name: str, *needs: str) -> dict[str, Any]:
        return {
            "url": f"${{stack:{name}.url}}",
            "depends_on": list(needs),
            "health": {"live": "/health/live"},
            "release": {"from": "none"},
        }

    stack = {
        "env": {"LIES": more.pop("lies", "")},
        "services": {
            "store": {"python": {"app": f"{APPS}:store"}},
            "front": {
                "python": {"app": f"{APPS}:front"},
                "env": {"STORE_URL": "${stack:store.url}"},
            },
        },
    }
    tree = {
        "name": "town",
        "services": {"store": service("store"), "front": service("front", "store")},
        "policy": {"faults": True},
        "stack": stack,
        **more,
    }
    (folder / "town.yaml").write_text(yaml.safe_dump(tree))


def health(folder: Path, *words: str) -> Done:
    return keyarc_verify(folder, "health", "--env", "town.yaml", *words)


def results(folder: Path) -> dict[str, dict[str, Any]]:
    (file,) = folder.glob("reports/runs/*/results.jsonl")
    told = map(json.loads, file.read_text().splitlines())
    return {each["id"]: each for each in told}


@pytest.fixture
def up(tmp_path: Path) -> Iterator[Path]:
    """The town is up, with links."""
    declare(tmp_path)
    done = keyarc_verify(tmp_path, "up", "--env", "town.yaml", "--links")
    assert done.code == 0, done
    yield tmp_path
    keyarc_verify(tmp_path, "down", "--env", "town.yaml")


def test_a_truthful_system_passes_and_each_trial_leaves_its_evidence(tmp_path: Path) -> None:
    declare(tmp_path)
    done = health(tmp_path, "--only", "faults.[rk][ei][fl][ul]*")
    found = results(tmp_path)
    assert done.code == 20, done  # A part of it is never GO.
    assert "a partial run" in done.out
    ids = {id_ for id_ in found if id_.startswith("faults.")}
    assert ids == {REFUSE, "faults.kill.store", "faults.kill.front"}
    assert {each["outcome"] for each in found.values()} == {"pass"}, done
    cell = found[REFUSE]["cell"]
    assert cell["detected_ms"] > 0
    assert cell["recovered_ms"] > 0
    (evidence,) = tmp_path.glob(f"reports/runs/*/{cell['evidence']}")
    told = json.loads(evidence.read_text())
    assert told["expected"]["front"] == {"health": "fail", "names": ["store"], "settles": False}
    assert {"store", "front"} == {look["service"] for look in told["timeline"]}
    (page,) = tmp_path.glob("reports/runs/*/report.html")
    assert REFUSE in page.read_text()


def test_a_liar_is_caught(tmp_path: Path) -> None:
    declare(tmp_path, lies="yes")
    done = health(tmp_path, "--only", REFUSE)
    assert done.code == 10, done
    found = results(tmp_path)[REFUSE]
    assert (found["message"], found["expected"], found["came"]) == (
        "health of front does not tell of it",
        "503 fail, naming store",
        "200 pass",
    )


def test_nothing_is_broken_where_the_file_does_not_allow_it(tmp_path: Path) -> None:
    declare(tmp_path, policy={})
    done = health(tmp_path)
    assert "does not allow faults (policy.faults)" in done.out
    assert not any(id_.startswith("faults.") for id_ in results(tmp_path))


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--only", "faults.kil.*"], "nothing matches 'faults.kil.*'"),
        (["--here"], "--here: no stack of town is up"),
        (["--format", "pdf"], "unknown format 'pdf'"),
    ],
)
def test_what_cannot_be_is_told_before_anything_is_started(
    tmp_path: Path, words: list[str], told: str
) -> None:
    declare(tmp_path)
    done = health(tmp_path, *words)
    assert (done.code, told in done.err) == (2, True), done


async def broken(folder: Path, process: asyncio.subprocess.Process) -> None:
    """Waits until a fault is in."""
    async with asyncio.timeout(30):
        while not list((folder / ".keyarc-verify" / "faults").glob("*.jsonl")):
            assert process.returncode is None, await process.communicate()
            await asyncio.sleep(0.02)


async def hit(folder: Path, number: signal.Signals) -> Done:
    """The command gets a signal while something is broken."""
    words = ("health", "--env", "town.yaml", "--here", "--only", BLACKHOLE)
    async with started(folder, *words) as process:
        await broken(folder, process)
        process.send_signal(number)
        return await finished(process)


def test_ctrl_c_heals_first(up: Path) -> None:
    done = asyncio.run(hit(up, signal.SIGINT))
    assert done.code == 130, done
    assert not (up / ".keyarc-verify" / "faults").exists()
    assert keyarc_verify(up, "smoke", "--env", "town.yaml").code == 0


def test_what_a_killed_run_leaves_broken_is_healed_by_the_next_command(up: Path) -> None:
    asyncio.run(hit(up, signal.SIGKILL))
    (journal,) = (up / ".keyarc-verify" / "faults").glob("*.jsonl")
    assert json.loads(journal.read_text())["fault"] == "blackhole"
    done = keyarc_verify(up, "smoke", "--env", "town.yaml")
    assert "has left this broken: blackhole.front.store" in done.err
    assert "blackhole.front.store: healed" in done.err
    assert done.code == 0, done
    assert "nothing is left broken here" in keyarc_verify(up, "heal").out


def test_a_heal_that_fails_is_hold_and_says_what_is_still_broken(up: Path) -> None:
    async def run() -> Done:
        words = ("health", "--env", "town.yaml", "--here", "--only", BLACKHOLE)
        async with started(up, *words) as process:
            await broken(up, process)
            told = StateDirectory(up / ".keyarc-verify" / "town").read()
            assert told is not None
            (links,) = (each for each in told["processes"] if each["service"] == "links")
            os.kill(links["pid"], signal.SIGKILL)
            return await finished(process)

    done = asyncio.run(run())
    assert done.code == 20, done
    assert "still broken: blackhole.front.store was not healed" in done.out, done.out
    assert "`keyarc-verify heal`" in done.out
    left = keyarc_verify(up, "heal")
    assert left.code == 20, left
    assert "`keyarc-verify down --env town.yaml` ends it all" in left.err

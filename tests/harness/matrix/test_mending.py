"""What was broken is mended, by whoever comes next if need be."""

import asyncio
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from harness.errors import HarnessError
from harness.faults import Fault, Place, Seen
from harness.matrix.mending import Breaches, heal, left_broken
from harness.matrix.trial import Broken, fault_class
from tests.harness.cli.command import ROOT

KILL = Broken("kill", fault_class("kill")(), Place("auth"))
LATENCY = Broken(
    "latency", fault_class("latency").model_validate({"delay_ms": 7}), Place("keys", "postgres")
)


@pytest.fixture
def faults(tmp_path: Path) -> Path:
    return tmp_path / "state" / "faults"


def journal(folder: Path, *broken: Broken) -> Breaches:
    breaches = Breaches("20260102T030405Z-9f3a1c", "local", folder)
    for each in broken:
        breaches.breaks(breaches.breach(each, Path("state")))
    return breaches


def test_what_is_broken_is_written_down_before_and_goes_when_it_is_mended(faults: Path) -> None:
    breaches = journal(faults, KILL)
    (file,) = faults.glob("*")
    line = json.loads(file.read_text())
    assert (line["event"], line["fault"], line["service"]) == ("breaks", "kill", "auth")
    breaches.mended(breaches.breach(KILL, Path("state")))
    breaches.close()
    assert not faults.exists()


def test_the_journal_of_a_run_that_goes_on_is_its_own(faults: Path) -> None:
    breaches = journal(faults, KILL)
    with left_broken(faults) as left:
        assert left == []
    assert list(faults.glob("*"))
    breaches.close()


BREAKS = """
import os, signal, sys
from pathlib import Path
from tests.harness.matrix.test_mending import KILL, LATENCY, journal
breaches = journal(Path(sys.argv[1]), KILL, LATENCY)
breaches.mended(breaches.breach(KILL, Path("state")))
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_what_a_killed_run_leaves_is_found_with_all_that_its_heal_needs(faults: Path) -> None:
    subprocess.run([sys.executable, "-c", BREAKS, str(faults)], cwd=ROOT, check=False)
    with left_broken(faults) as left:
        (breach,) = left
        assert str(breach) == "latency.keys.postgres"
        assert breach.broken == LATENCY
        assert (breach.state_dir, breach.env) == ("state", "local")
    assert not list(faults.glob("*.jsonl"))


def test_what_could_not_be_mended_is_still_known_to_the_next_one(faults: Path) -> None:
    journal(faults, KILL).close()
    with pytest.raises(HarnessError), left_broken(faults):
        raise HarnessError
    with left_broken(faults) as left:
        assert [str(breach) for breach in left] == ["kill.auth"]


def test_a_line_that_was_cut_off_had_broken_nothing(faults: Path) -> None:
    journal(faults, KILL).close()
    (file,) = faults.glob("*.jsonl")
    file.write_text(file.read_text() + '{"event": "breaks", "fau')
    with left_broken(faults) as left:
        assert [str(breach) for breach in left] == ["kill.auth"]


class Stubborn(Fault):
    """It does not want to be healed."""

    at = "service"
    kind = "process"
    needs = frozenset()
    seen = Seen(health="fail")
    takes_s: float = 0

    async def inject(self, *_: Any) -> None: ...

    async def heal(self, *_: Any) -> None:
        await asyncio.sleep(self.takes_s)
        if not self.takes_s:
            raise OSError("no way")


def test_a_heal_that_fails_says_what_is_still_broken() -> None:
    broken = Broken("stubborn", Stubborn(), Place("auth"))
    with pytest.raises(HarnessError, match=r"stubborn\.auth was not healed: OSError: no way"):
        asyncio.run(heal(None, broken))  # type: ignore[arg-type]  # not looked at


def test_a_heal_that_hangs_is_given_up() -> None:
    broken = Broken("stubborn", Stubborn(takes_s=60), Place("auth"))
    with pytest.raises(HarnessError, match=r"was not healed within 0\.1 s"):
        asyncio.run(heal(None, broken, limit_s=0.1))  # type: ignore[arg-type]


def test_a_heal_is_finished_also_where_nobody_waits_for_it_any_more() -> None:
    healed = []

    class Slow(Stubborn):
        """It takes its time."""

        async def heal(self, *_: Any) -> None:
            await asyncio.sleep(0.1)
            healed.append(True)

    async def run() -> None:
        task = asyncio.create_task(heal(None, Broken("slow", Slow(), Place("auth"))))  # type: ignore[arg-type]
        await asyncio.sleep(0)
        task.cancel()
        await asyncio.wait((task,))
        assert task.cancelled()

    asyncio.run(run())
    assert healed == [True]

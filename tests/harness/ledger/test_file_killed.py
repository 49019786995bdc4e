"""`kill -9` of processes in the middle of an append, many at once: nothing acknowledged is lost."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from harness.ledger._line import line_of
from harness.ledger.file import open_ledger
from tests.harness.cli.command import ROOT
from tests.harness.ledger.noted import ENVIRONMENT, noted
from tests.harness.ledger.writers import LIMIT, WRITERS

ROUNDS = 8
HALF_A_LINE = """
import os, signal, sys
from harness.ledger import _disk
from harness.ledger.file import open_ledger
from tests.harness.ledger.noted import ENVIRONMENT, noted

def half(number, data):
    os.write(number, data[: len(data) // 2])
    print("half of it is written", flush=True)
    signal.pause()

_disk._write = half
open_ledger({"path": sys.argv[1]}, ENVIRONMENT).append(noted(release="torn"))
"""


def acknowledged(folder: Path, seed: int, *, rounds: int, slow: bool) -> list[str]:
    """The releases whose entries were told to be there."""
    words = (str(folder), str(seed), str(rounds), "slow" if slow else "as it is")
    done = subprocess.run(
        [sys.executable, "-m", "tests.harness.ledger.writers", *words],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
        timeout=100,
    )
    told: list[str] = json.loads(done.stdout)
    return told


@pytest.mark.parametrize("slow", [False, True], ids=["at once", "slowly"])
@pytest.mark.parametrize("seed", [4711, 4712])
def test_what_was_acknowledged_is_there_whoever_is_killed(
    tmp_path: Path, seed: int, slow: bool
) -> None:
    told = acknowledged(tmp_path, seed, rounds=ROUNDS, slow=slow)
    there = [entry.release for entry in open_ledger({"path": str(tmp_path)}, ENVIRONMENT).entries()]
    assert set(told) <= set(there)
    assert len(there) == len(set(there))
    # Who was killed may have written one that it could not tell of any more.
    assert len(there) - len(told) <= ROUNDS * WRITERS
    # The last round's writers were left alone.
    assert sum(release.startswith("last-") for release in there) == WRITERS * LIMIT


def test_entries_of_one_writer_keep_their_order(tmp_path: Path) -> None:
    acknowledged(tmp_path, 1, rounds=0, slow=True)
    there = [entry.release for entry in open_ledger({"path": str(tmp_path)}, ENVIRONMENT).entries()]
    for writer in range(WRITERS):
        own = [release for release in there if release.startswith(f"last-{writer}-")]
        assert own == [f"last-{writer}-{number}" for number in range(LIMIT)]
    assert len(there) == WRITERS * LIMIT


def test_a_line_that_a_kill_tore_is_kept_aside_byte_for_byte(tmp_path: Path) -> None:
    ledger = open_ledger({"path": str(tmp_path)}, ENVIRONMENT)
    ledger.append(noted(release="before"))
    words = [sys.executable, "-c", HALF_A_LINE, str(tmp_path)]
    with subprocess.Popen(words, cwd=ROOT, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"half of it is written\n"
        process.kill()
    line = line_of(noted(release="torn")) + "\n"
    assert [entry.release for entry in ledger.entries()] == ["before"]
    ledger.append(noted(release="after"))
    assert [entry.release for entry in ledger.entries()] == ["before", "after"]
    assert (tmp_path / "some.jsonl.torn-1").read_text() == line[: len(line) // 2]

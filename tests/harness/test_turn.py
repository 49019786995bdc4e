"""One gate at a time for each environment; who was killed holds nothing."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from harness.errors import UsageError
from harness.turn import Taken, turn

HOLD = """
import sys
from pathlib import Path
from harness.turn import turn
with turn("staging", "release r1", Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


def test_the_second_is_told_who_has_its_turn(tmp_path: Path) -> None:
    with turn("staging", "release r1", tmp_path):
        said = rf"release r1, process {os.getpid()}, since 20"
        with pytest.raises(Taken, match=said), turn("staging", "release r2", tmp_path):
            pass
        with turn("production", "release r2", tmp_path):
            pass


def test_the_next_one_can_have_it(tmp_path: Path) -> None:
    for release in ("r1", "r2"):
        with turn("staging", release, tmp_path):
            pass


def test_a_killed_one_gives_it_back(tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(tmp_path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        said = f"process {process.pid}"
        with pytest.raises(Taken, match=said), turn("staging", "release r2", tmp_path):
            pass
        process.send_signal(signal.SIGKILL)
    with turn("staging", "release r2", tmp_path):
        pass


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    folder = tmp_path / "file" / "locks"
    with (
        pytest.raises(UsageError, match="no lock can be kept at"),
        turn("staging", "release r1", folder),
    ):
        pass

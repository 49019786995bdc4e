"""What a terminal gets, and what everything else does not."""

import io
import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest

from harness.cli._progress import Progress
from harness.cli._terminal import CLEAR_LINE, coloured
from harness.model import Outcome, Result
from tests.harness.cli.command import ROOT, write_environment


def on_terminal(folder: Path, *arguments: str, **variables: str) -> str:
    """What the command writes to a terminal that is both its outputs."""
    ours, theirs = pty.openpty()
    environment = {name: value for name, value in os.environ.items() if name != "NO_COLOR"}
    process = subprocess.Popen(
        [sys.executable, "-m", "harness", *arguments],
        cwd=folder,
        env={**environment, "PYTHONPATH": str(ROOT), "TERM": "xterm", **variables},
        stdin=subprocess.DEVNULL,
        stdout=theirs,
        stderr=theirs,
    )
    os.close(theirs)
    written = b""
    try:
        while part := os.read(ours, 65536):
            written += part
    except OSError:
        pass  # How Linux says that the other end is closed.
    os.close(ours)
    process.wait()
    return written.decode()


@pytest.mark.parametrize(
    ("variables", "colour", "overwrites"),
    [({}, True, True), ({"NO_COLOR": "1"}, False, True), ({"TERM": "dumb"}, False, False)],
)
def test_a_terminal_gets_what_it_can_show(
    tmp_path: Path, variables: dict[str, str], colour: bool, overwrites: bool
) -> None:
    write_environment(tmp_path, "http://127.0.0.1:9")
    shown = on_terminal(tmp_path, "smoke", "--env", "some.yaml", **variables)
    assert ("\x1b[31;1mNO_GO\x1b[0m" in shown) is colour
    assert (f"{CLEAR_LINE}1 of " in shown) is overwrites
    assert shown.rstrip().endswith("verdict.json")
    if not overwrites:
        assert "\x1b" not in shown


def test_only_the_words_that_begin_a_line_are_coloured() -> None:
    text = "FAIL     health.a\n         expected  GO\nGO    1 of 1\nGOOD\nHOLD     no\n"
    assert coloured(text) == (
        "\x1b[31;1mFAIL\x1b[0m     health.a\n         expected  GO\n"
        "\x1b[32;1mGO\x1b[0m    1 of 1\nGOOD\n\x1b[33;1mHOLD\x1b[0m     no\n"
    )


def test_progress_survives_a_reader_that_goes_away() -> None:
    class Gone(io.StringIO):
        def write(self, text: str) -> int:
            raise BrokenPipeError

    progress = Progress(verbosity=2, stream=Gone())
    progress.result(Result(id="a", outcome=Outcome.PASS))
    progress.say("interrupted")


@pytest.mark.parametrize(("verbosity", "lines"), [(0, 0), (1, 0), (2, 1)])
def test_a_log_gets_whole_lines_and_only_when_asked(verbosity: int, lines: int) -> None:
    log = io.StringIO()
    progress = Progress(verbosity=verbosity, total=1, stream=log)
    progress.result(Result(id="health.a", outcome=Outcome.FAIL, duration_ms=3.4))
    progress.over()
    assert log.getvalue() == "fail     health.a  3 ms\n" * lines

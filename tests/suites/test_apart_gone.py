"""A stack of the journeys' own ends with whoever started it, and leaves nothing."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.harness.cli.command import ROOT

LIMIT_S = 60.0
UP = """
import sys, time
from suites.journeys.apart import apart
with apart("local", "20260102T030405Z-9f3a1c", {"auth": {"RATE_LIMIT_LOGIN": "5/2s"}}) as stack:
    print(stack.state.path.parent, *(each.pid for each in stack.processes("postgres")), flush=True)
    time.sleep(600)
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_nothing_is_left(tmp_path: Path, number: signal.Signals) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", UP],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT), "TMPDIR": str(tmp_path)},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    with process:
        assert process.stdout is not None
        folder, *pids = process.stdout.readline().split()
        assert Path(folder).is_dir()
        process.send_signal(number)
    until_s = time.monotonic() + LIMIT_S
    while Path(folder).exists() or any(Path("/proc", pid).exists() for pid in pids):
        assert time.monotonic() < until_s
        time.sleep(0.02)
    assert list(tmp_path.iterdir()) == []

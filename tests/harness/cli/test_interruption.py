"""Ctrl-C and SIGTERM, at any moment: a verdict wherever a run had begun, and nothing left."""

import asyncio
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from harness.interruption import interruptible
from harness.model import Verdict
from harness.records import read
from tests.harness.cli.command import ROOT, Done, bad, finished, good, started, write_environment
from tests.harness.server import Answer, Server, serving
from tests.harness.stack.conftest import Sandbox, sandbox, until

__all__ = ["sandbox"]  # a fixture

SUITE = '''
import asyncio
from harness.check import check, resource

@resource
async def thing(targets, journal):
    """A thing."""
    journal.created("thing", "one")
    yield 1
    await targets["a"].get("/remove")
    journal.removed("thing", "one")

@check(service="a")
async def waits(target, thing):
    """Waits until it is told to stop."""
    await target.get("/started")
    await asyncio.Event().wait()
'''
# Tells when `main` begins; what comes before it is Python's own start.
BEGIN = (
    "import sys\n"
    "from harness.cli import main\n"
    "sys.argv = ['keyarc-verify', *sys.argv[1:]]\n"
    "sys.stderr.write('begun\\n'); sys.stderr.flush()\n"
    "main()\n"
)
MOMENTS = 8


async def interrupted(folder: Path, server: Server, *signals: int) -> Done:
    """Runs a check that waits, and sends the signals once it does, a moment apart."""
    (folder / "suite").mkdir()
    (folder / "suite" / "__init__.py").touch()
    (folder / "suite" / "waiting.py").write_text(SUITE)
    write_environment(folder, server.url, suites="[suite]")
    arguments = ("smoke", "--env", "some.yaml", "--output", "run")
    async with started(folder, *arguments) as process:
        for number, path in zip(signals, ("/started", "/remove"), strict=False):
            await server.has_seen(path)
            await has_result(folder / "run" / "results.jsonl", "health.a")
            process.send_signal(number)
        return await finished(process)


async def has_result(file: Path, id_: str) -> None:
    while id_ not in file.read_text():  # noqa: ASYNC110, ASYNC240  another process writes it
        await asyncio.sleep(0.01)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_run_cleans_up_and_leaves_a_verdict(tmp_path: Path, number: int) -> None:
    async def run() -> Done:
        async with serving(good) as server:
            return await interrupted(tmp_path, server, number)

    done = asyncio.run(run())
    record = read(tmp_path / "run")
    assert (done.code, record.judgement.verdict) == (130, Verdict.HOLD)
    assert "interrupted" in {reason.text for reason in record.judgement.reasons}
    assert "left behind" not in done.err
    assert "Traceback" not in done.err


def test_a_second_ctrl_c_skips_cleanup_and_says_what_is_left(tmp_path: Path) -> None:
    def handler(seen: object) -> Answer:
        return Answer(hang=True) if getattr(seen, "path", "") == "/remove" else good(seen)

    async def run() -> Done:
        async with serving(handler) as server:
            return await interrupted(tmp_path, server, signal.SIGINT, signal.SIGINT)

    done = asyncio.run(run())
    assert (done.code, read(tmp_path / "run").judgement.verdict) == (130, Verdict.HOLD)
    assert "left behind in some: thing one" in done.err
    assert "Traceback" not in done.err


def test_a_failure_that_was_seen_survives_an_interruption(tmp_path: Path) -> None:
    async def run() -> Done:
        async with serving(bad) as server:
            return await interrupted(tmp_path, server, signal.SIGINT)

    done = asyncio.run(run())
    assert (done.code, read(tmp_path / "run").judgement.verdict) == (130, Verdict.NO_GO)


# A finalizer is where Python can raise nothing; the import system's locks are such places too.
NOWHERE_TO_RAISE = """
import os, signal, sys, time
import harness.cli

class Finalized:
    def __del__(self):
        os.kill(os.getpid(), signal.SIGINT)
        time.sleep(0)

def application():
    Finalized()
    time.sleep(30)

harness.cli.application = application
harness.cli.main()
"""


def test_ctrl_c_where_nothing_can_be_raised_is_not_lost() -> None:
    done = subprocess.run(
        [sys.executable, "-c", NOWHERE_TO_RAISE],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=20,
        check=False,
    )
    assert (done.returncode, done.stderr) == (130, "keyarc-verify: interrupted\n")


class Interrupted:
    """`smoke` with a stack of its own, to be interrupted some time after it began."""

    def __init__(self, sandbox: Sandbox, run: str) -> None:
        self.sandbox, self.run = sandbox, run
        arguments = ["smoke", "--env", "here.yaml", "--output", run]
        self.process = subprocess.Popen(
            [sys.executable, "-c", BEGIN, *arguments],
            cwd=sandbox.path,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert self.process.stderr is not None
        assert self.process.stderr.readline() == "begun\n"
        self.begun_s = time.monotonic()

    def after(self, pause_s: float, times: int = 1) -> Done:
        """Leaves it alone for so long, then sends the signal so often."""
        deadline_s = self.begun_s + pause_s
        while time.monotonic() < deadline_s and self.process.poll() is None:
            time.sleep(0.001)
        for _ in range(times):
            if self.process.poll() is None:
                self.process.send_signal(signal.SIGINT)
        out, err = self.process.communicate(timeout=60)
        return Done(self.process.returncode, out, err)


def assert_in_order(sandbox: Sandbox, run: str, done: Done) -> None:
    assert done.code in (0, 130), done
    assert "Traceback" not in done.err
    until(lambda: sandbox.left() == [])
    if (sandbox.path / run / "manifest.json").exists():
        # Too late for the verdict, and it is the whole run's; else it says what is missing.
        assert read(sandbox.path / run).judgement.verdict in (Verdict.GO, Verdict.HOLD)


@pytest.mark.parametrize("times", [1, 3])
def test_ctrl_c_at_any_moment_leaves_nothing_but_a_verdict(sandbox: Sandbox, times: int) -> None:
    """From the first import to the last line of the report, of one and the same run."""
    undisturbed = Interrupted(sandbox, "undisturbed")
    assert undisturbed.after(60, times=0).code == 0
    whole_s = time.monotonic() - undisturbed.begun_s
    moments = random.Random(times)  # the seed; a failure names its moment
    codes = set()
    for number in range(MOMENTS):
        pause_s = moments.uniform(0, 1.05 * whole_s)
        run = f"run-{number}"
        done = Interrupted(sandbox, run).after(pause_s, times)
        try:
            assert_in_order(sandbox, run, done)
        except AssertionError as error:
            raise AssertionError(f"{pause_s:.3f} s after main began: {done}") from error
        codes.add(done.code)
    assert 130 in codes


def test_a_signal_that_comes_too_late_is_not_spoken_of() -> None:
    """The verdict is written: there is nothing to clean up any more, and nothing to skip."""
    told: list[str] = []

    async def over() -> str:
        with interruptible(told.append):
            os.kill(os.getpid(), signal.SIGINT)
        return "the record"

    with asyncio.Runner() as runner:
        assert runner.run(over()) == "the record"
    assert told == []

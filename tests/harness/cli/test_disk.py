"""Evidence or a report that cannot be written: told, and never a GO."""

import asyncio
import ctypes
import os
import resource
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from harness.model import Verdict
from harness.records import read
from tests.harness.cli.command import (
    Done,
    finished,
    good,
    keyarc_verify,
    smoke,
    started,
    write_environment,
)
from tests.harness.server import serving

CAP_DAC_OVERRIDE, PR_CAPBSET_DROP = 1, 24


def limited_to(file_bytes: int) -> Callable[[], None]:
    """For a process that can write files of so many bytes only, as if the disk were full.

    Python ignores the signal that comes with it, and so gets an error.
    """
    return lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (file_bytes, file_bytes))


def bound_by_permissions() -> None:
    """For a process to which the permissions of files apply, even where it is root's."""
    if os.geteuid() == 0:
        libc = ctypes.CDLL(None, use_errno=True)
        if libc.prctl(PR_CAPBSET_DROP, CAP_DAC_OVERRIDE, 0, 0, 0) != 0:
            raise OSError(ctypes.get_errno(), "CAP_DAC_OVERRIDE cannot be dropped")


@pytest.fixture
def full() -> Iterator[int]:
    """An open file that takes nothing."""
    file = os.open("/dev/full", os.O_WRONLY)
    yield file
    os.close(file)


def prepared_smoke(folder: Path, prepare: Callable[[], None], *options: str) -> Done:
    """`smoke` of a healthy system, by a process made ready in some way."""

    async def run() -> Done:
        async with serving(good) as server:
            write_environment(folder, server.url)
            arguments = ("smoke", "--env", "some.yaml", *options)
            # Not measured: that would have to be written as well.
            variables = {"PYTHONDONTWRITEBYTECODE": "1", "COVERAGE_PROCESS_CONFIG": ""}
            async with started(folder, *arguments, prepare=prepare, variables=variables) as process:
                return await finished(process)

    return asyncio.run(run())


def test_a_disk_that_is_full_before_the_run_is_told_before_anything_is_sent(tmp_path: Path) -> None:
    done = prepared_smoke(tmp_path, limited_to(64), "--output", "run")
    assert (done.code, done.out) == (2, "")
    assert done.err == "keyarc-verify: cannot write run/manifest.json: File too large\n"


def test_a_disk_that_fills_up_during_the_run_makes_a_go_a_hold(tmp_path: Path) -> None:
    (tmp_path / "enough").mkdir()
    assert smoke(tmp_path / "enough", good).code == 0
    written = tmp_path / "enough" / "run"
    manifest, results = (
        (written / name).stat().st_size for name in ("manifest.json", "results.jsonl")
    )
    assert manifest < results
    done = prepared_smoke(tmp_path, limited_to((manifest + results) // 2), "--output", "run")
    assert done.code == 20
    assert "HOLD     cannot write run/results.jsonl: " in done.out
    assert "Traceback" not in done.err


@pytest.mark.parametrize("options", [(), ("--output", "run")])
def test_a_directory_that_one_may_not_write_to_is_named(
    tmp_path: Path, options: tuple[str, ...]
) -> None:
    write_environment(tmp_path, "http://127.0.0.1:9")
    tmp_path.chmod(0o555)
    try:
        done = keyarc_verify(
            tmp_path, "smoke", "--env", "some.yaml", *options, prepare=bound_by_permissions
        )
    finally:
        tmp_path.chmod(0o755)
    assert (done.code, done.out) == (2, "")
    assert "no run directory can be made at " in done.err
    assert done.err.endswith(": Permission denied\n")


def test_a_report_that_cannot_be_written_makes_a_go_a_hold(tmp_path: Path, full: int) -> None:
    async def run() -> Done:
        async with serving(good) as server:
            write_environment(tmp_path, server.url)
            arguments = ("smoke", "--env", "some.yaml", "--output", "run")
            async with started(tmp_path, *arguments, out=full) as process:
                return await finished(process)

    done = asyncio.run(run())
    assert done.code == 20
    assert done.err == "keyarc-verify: the output cannot be written: No space left on device\n"
    assert read(tmp_path / "run").judgement.verdict is Verdict.GO


def test_other_output_that_cannot_be_written_is_told(tmp_path: Path, full: int) -> None:
    async def run(*arguments: str) -> Done:
        async with started(tmp_path, *arguments, out=full) as process:
            return await finished(process)

    for arguments in (["env", "list"], ["doctor"], ["--help"], ["env", "schema"]):
        done = asyncio.run(run(*arguments))
        assert (done.code, "Traceback" in done.err) == (20, False), arguments
        assert "No space left on device" in done.err


@pytest.mark.parametrize("options", [(), ("--format", "json"), ("-v",)])
def test_a_reader_that_goes_away_is_no_error(tmp_path: Path, options: tuple[str, ...]) -> None:
    async def run() -> Done:
        async with serving(good) as server:
            write_environment(tmp_path, server.url)
            reader, writer = os.pipe()
            os.close(reader)
            arguments = ("smoke", "--env", "some.yaml", *options)
            async with started(tmp_path, *arguments, out=writer) as process:
                os.close(writer)
                return await finished(process)

    done = asyncio.run(run())
    assert done.code == 0
    assert "Broken pipe" not in done.err
    assert "Exception" not in done.err


def test_other_output_that_nobody_reads_ends_quietly(tmp_path: Path) -> None:
    async def run() -> Done:
        reader, writer = os.pipe()
        os.close(reader)
        async with started(tmp_path, "env", "schema", out=writer) as process:
            os.close(writer)
            return await finished(process)

    assert asyncio.run(run()).err == ""

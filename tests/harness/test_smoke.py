"""The command as a process of its own, against a real server on loopback."""

import asyncio
import hashlib
import json
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from harness.model import Verdict
from harness.records import read
from tests.harness.server import Answer, Handler, Server, healthy, serving

ROOT = Path(__file__).parents[2]
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


@dataclass(frozen=True)
class Done:
    code: int
    out: str
    err: str


@asynccontextmanager
async def started(folder: Path, *arguments: str) -> AsyncIterator[asyncio.subprocess.Process]:
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "GITHUB_ACTIONS": "true"}
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "harness",
        *arguments,
        cwd=folder,
        env=environment,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def finished(process: asyncio.subprocess.Process) -> Done:
    out, err = await asyncio.wait_for(process.communicate(), 60)
    return Done(process.returncode or 0, out.decode(), err.decode())


def keyarc_verify(folder: Path, *arguments: str) -> Done:
    async def run() -> Done:
        async with started(folder, *arguments) as process:
            return await finished(process)

    return asyncio.run(run())


def write_environment(folder: Path, url: str, *, suites: str = "[]") -> None:
    (folder / "some.yaml").write_text(
        f"name: some\nsuites: {suites}\nservices:\n  a: {{url: '{url}', depends_on: [db]}}\n"
    )


def smoke(folder: Path, handler: Handler, *options: str) -> Done:
    async def run() -> Done:
        async with serving(handler) as server:
            write_environment(folder, server.url)
            arguments = ("smoke", "--env", "some.yaml", "--output", "run", *options)
            async with started(folder, *arguments) as process:
                return await finished(process)

    return asyncio.run(run())


def good(seen: object) -> Answer:
    return healthy({"db": "pass"})


def bad(seen: object) -> Answer:
    return healthy({"db": "fail"})


def test_a_healthy_system_is_go(tmp_path: Path) -> None:
    done = smoke(tmp_path, good)
    assert (done.code, done.err) == (0, "")
    verdict, evidence, sha256 = done.out.splitlines()
    assert verdict.startswith("GO    1 of 1 checks passed in ")
    assert evidence == "evidence run"
    written = hashlib.sha256((tmp_path / "run" / "verdict.json").read_bytes()).hexdigest()
    assert sha256 == f"sha256   {written}  verdict.json"


def test_a_failing_check_is_no_go_and_says_why(tmp_path: Path) -> None:
    done = smoke(tmp_path, bad)
    assert done.code == 10
    assert done.out.startswith("FAIL     health.a\n")
    for part in ("db is not healthy", "expected  pass or warn", "came      fail", "curl -sS -i"):
        assert part in done.out


def test_a_service_down_on_this_machine_is_no_go(tmp_path: Path) -> None:
    write_environment(tmp_path, "http://127.0.0.1:9")
    done = keyarc_verify(tmp_path, "smoke", "--env", "some.yaml", "--output", "run")
    assert (done.code, read(tmp_path / "run").judgement.verdict) == (10, Verdict.NO_GO)


def test_a_service_that_may_be_out_of_our_reach_is_hold(tmp_path: Path) -> None:
    write_environment(tmp_path, "http://keyarc.invalid")
    done = keyarc_verify(tmp_path, "smoke", "--env", "some.yaml", "--output", "run")
    assert (done.code, read(tmp_path / "run").judgement.verdict) == (20, Verdict.HOLD)


def test_a_partial_run_is_never_go(tmp_path: Path) -> None:
    (tmp_path / "suite").mkdir()
    (tmp_path / "suite" / "__init__.py").touch()
    (tmp_path / "suite" / "waiting.py").write_text(SUITE)

    async def run() -> Done:
        async with serving(good) as server:
            write_environment(tmp_path, server.url, suites="[suite]")
            arguments = ("smoke", "--env", "some.yaml", "--only", "health.*")
            async with started(tmp_path, *arguments) as process:
                return await finished(process)

    done = asyncio.run(run())
    assert done.code == 20
    assert "HOLD     a partial run: 1 of 2 checks (health.*)" in done.out


def test_json_is_one_document_without_colour(tmp_path: Path) -> None:
    done = smoke(tmp_path, bad, "--format", "json", "-v")
    document = json.loads(done.out)
    assert (document["verdict"], document["results"][0]["outcome"]) == ("NO_GO", "fail")
    assert done.err.startswith("fail     health.a  ")
    assert "\x1b" not in done.out + done.err


def test_quiet_is_one_line(tmp_path: Path) -> None:
    done = smoke(tmp_path, bad, "-q")
    assert (len(done.out.splitlines()), done.err) == (1, "")


def test_what_a_server_sends_cannot_steer_the_terminal(tmp_path: Path) -> None:
    def evil(seen: object) -> Answer:
        return Answer(status=500, body=b"\x1b[2J\x1b]0;title\x07\r\nGO    9 of 9")

    done = smoke(tmp_path, evil)
    assert done.code == 10
    assert "\x1b" not in done.out
    assert "\nGO" not in done.out


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (["--env", "nope"], "unknown environment 'nope'; known here: "),
        (["--env", "gone.yaml"], "there is no environment file gone.yaml"),
        (["--env", "some.yaml", "--format", "xml"], "unknown format 'xml'; known: json, text"),
        (["--env", "some.yaml", "--only", "zzz"], "no check matches 'zzz'; there are: health.a"),
        (["--env", "some.yaml", "--output", "."], "the run directory . is not empty"),
        (["--env", "some.yaml", "--output", "some.yaml/x"], "no run directory can be made at"),
        (["--env", "bad.yaml"], "bad.yaml: services: missing"),
        (["--env", "secret.yaml"], "services.a.url: the variable GONE is not set"),
        (["--env", "tls.yaml"], "tls.ca_file: "),
        ([], "Missing option"),
        (["--env", "some.yaml", "--timeout", "soon"], "Invalid value"),
        (["--frobnicate"], "No such option"),
    ],
)
def test_what_a_user_can_get_wrong_is_one_clear_line(
    tmp_path: Path, options: list[str], expected: str
) -> None:
    write_environment(tmp_path, "http://127.0.0.1:9")
    (tmp_path / "bad.yaml").write_text("name: x\n")
    (tmp_path / "secret.yaml").write_text("name: x\nservices: {a: {url: 'http://${env:GONE}'}}\n")
    (tmp_path / "tls.yaml").write_text(
        "name: x\ntls: {ca_file: gone.pem}\nservices: {a: {url: 'https://127.0.0.1:9'}}\n"
    )
    done = keyarc_verify(tmp_path, "smoke", *options)
    assert (done.code, done.out) == (2, "")
    assert expected in done.err
    assert "Traceback" not in done.err


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
            await has_a_result(folder / "run" / "results.jsonl")
            process.send_signal(number)
        return await finished(process)


async def has_a_result(file: Path) -> None:
    while not file.read_text():  # noqa: ASYNC110, ASYNC240  another process writes it
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


def test_the_version_needs_no_command_line_library(tmp_path: Path) -> None:
    code = (
        "import sys; sys.argv = ['keyarc-verify', '--version']\n"
        "from harness.cli import main\n"
        "try: main()\n"
        "finally: print(sorted({'typer', 'pydantic', 'httpx', 'asyncio'} & set(sys.modules)))\n"
    )
    assert printed(tmp_path, code) == ["keyarc-verify 0.1.0", "[]"]


def test_help_imports_nothing_that_only_commands_need(tmp_path: Path) -> None:
    code = (
        "import sys; sys.argv = ['keyarc-verify', '--help']\n"
        "from harness.cli import main\n"
        "try: main()\n"
        "finally: print(sorted({'pydantic', 'httpx', 'yaml', 'psutil'} & set(sys.modules)))\n"
    )
    lines = printed(tmp_path, code)
    assert lines[-1] == "[]"
    assert any("smoke" in line for line in lines)


def printed(folder: Path, code: str) -> list[str]:
    async def run() -> Done:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-c",
            code,
            cwd=folder,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            stdout=asyncio.subprocess.PIPE,
        )
        out, _ = await process.communicate()
        return Done(process.returncode or 0, out.decode(), "")

    done = asyncio.run(run())
    assert done.code == 0
    return done.out.splitlines()

"""`smoke` against a real server on loopback: verdicts, exit codes, what is printed."""

import asyncio
import hashlib
import json
from pathlib import Path

import pytest

from harness.model import Verdict
from harness.records import read
from tests.harness.cli.command import (
    Done,
    bad,
    finished,
    good,
    keyarc_verify,
    smoke,
    started,
    write_environment,
)
from tests.harness.server import Answer, healthy, serving


def test_a_healthy_system_is_go(tmp_path: Path) -> None:
    done = smoke(tmp_path, good)
    assert (done.code, done.err) == (0, "")
    verdict, evidence, sha256 = done.out.splitlines()
    assert verdict.startswith("GO ")
    assert " checks passed in " in verdict
    assert evidence == "evidence run"
    written = hashlib.sha256((tmp_path / "run" / "verdict.json").read_bytes()).hexdigest()
    assert sha256 == f"sha256   {written}  verdict.json"


def test_a_failing_check_is_no_go_and_says_why_and_how_to_repeat_it(tmp_path: Path) -> None:
    done = smoke(tmp_path, bad)
    assert done.code == 10
    assert done.out.startswith("FAIL     health.a\n")
    for part in ("db is not healthy", "expected  pass or warn", "came      fail", "curl -sS -i"):
        assert part in done.out
    assert "         keyarc-verify smoke --env some.yaml --only health.a\n" in done.out


def test_a_service_down_on_this_machine_is_no_go(tmp_path: Path) -> None:
    write_environment(tmp_path, "http://127.0.0.1:9")
    done = keyarc_verify(tmp_path, "smoke", "--env", "some.yaml", "--output", "run")
    assert (done.code, read(tmp_path / "run").judgement.verdict) == (10, Verdict.NO_GO)


def test_the_wrong_release_is_no_go_and_the_expected_one_is_shown(tmp_path: Path) -> None:
    def handler(seen: object) -> Answer:
        answer = good(seen)
        answer.headers |= {"release": "old"}
        return answer

    async def run() -> Done:
        async with serving(handler) as server:
            (tmp_path / "some.yaml").write_text(
                f"name: some\nservices:\n  a: {{url: '{server.url}', depends_on: [db], "
                "release: {from: header, header: release}}\n"
            )
            arguments = ("--env", "some.yaml", "--output", "run", "--release", "new")
            async with started(tmp_path, "smoke", *arguments) as process:
                return await finished(process)

    done = asyncio.run(run())
    assert done.code == 10
    assert "FAIL     release.a" in done.out
    assert "release  new was expected\n" in done.out
    assert "--env some.yaml --release new --only release.a" in done.out
    assert read(tmp_path / "run").judgement.release == "new"


def test_a_partial_run_is_never_go(tmp_path: Path) -> None:
    done = smoke(tmp_path, good, "--only", "health.*")
    assert done.code == 20
    assert "HOLD     a partial run: 1 of " in done.out


def test_a_run_that_takes_too_long_is_hold(tmp_path: Path) -> None:
    done = smoke(tmp_path, lambda seen: Answer(hang=True), "--timeout", "1")
    assert done.code == 20
    assert "HOLD     not over after 1 s" in done.out


def test_json_is_one_document_without_colour(tmp_path: Path) -> None:
    done = smoke(tmp_path, bad, "--format", "json", "-v")
    document = json.loads(done.out)
    outcomes = {result["id"]: result["outcome"] for result in document["results"]}
    assert (document["verdict"], outcomes["health.a"]) == ("NO_GO", "fail")
    assert any(line.startswith("fail     health.a  ") for line in done.err.splitlines())
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
    "secret",
    ["variables: {CANARY: of users}", "identities: {me: {headers: {X-Key: '${env:CANARY}'}}}"],
)
def test_a_secret_that_a_server_tells_is_nowhere(tmp_path: Path, secret: str) -> None:
    canary = "canary-7f3a9b21c4"

    def tells(seen: object) -> Answer:
        return Answer(status=500, body=f"what I know is {canary}".encode())

    async def run() -> Done:
        async with serving(tells) as server:
            write_environment(tmp_path, server.url, more=secret)
            arguments = ("smoke", "--env", "some.yaml", "--output", "run", "-v")
            async with started(tmp_path, *arguments, variables={"CANARY": canary}) as process:
                return await finished(process)

    done = asyncio.run(run())
    kept = "".join(file.read_text() for file in (tmp_path / "run").iterdir())
    assert done.code == 10
    assert "what I know is [redacted]" in kept
    assert canary not in done.out + done.err + kept


def test_a_health_that_contradicts_itself_is_no_go(tmp_path: Path) -> None:
    done = smoke(tmp_path, lambda seen: healthy({"db": "pass"}, code=503))
    assert done.code == 10

"""`doctor`: what is missing on this machine, and how to mend it."""

import asyncio
import json
import socket
from pathlib import Path
from typing import Any

import pytest

from harness.cli import _doctor_machine as machine
from harness.cli._finding import State
from harness.stack.binaries import DISTRIBUTIONS
from tests.harness.checks.certified import Authority
from tests.harness.cli.command import Done, finished, good, keyarc_verify, started
from tests.harness.cli.test_disk import bound_by_permissions
from tests.harness.server import serving


def findings(done: Done) -> dict[str, dict[str, Any]]:
    return {finding["what"]: finding for finding in json.loads(done.out)}


def test_this_machine_can_do_its_work(tmp_path: Path) -> None:
    done = keyarc_verify(tmp_path, "doctor", "--format", "json")
    found = findings(done)
    assert done.code == 0, done.out
    assert {found[what]["state"] for what in ("python", "postgresql 16", "loopback")} == {"ok"}
    assert all(finding["mend"] for finding in found.values() if finding["state"] != "ok")
    assert list(tmp_path.iterdir()) == []


def test_text_is_a_line_for_each_and_one_more_for_what_mends_it(tmp_path: Path) -> None:
    done = keyarc_verify(tmp_path, "doctor", variables={"DOCKER_HOST": "unix:///nowhere.sock"})
    lines = done.out.splitlines()
    at = next(n for n, line in enumerate(lines) if line.startswith("optional  docker engine"))
    assert lines[at + 1].lstrip().startswith("→ start it")


def test_a_directory_that_one_may_not_write_to_is_missing(tmp_path: Path) -> None:
    tmp_path.chmod(0o555)
    try:
        done = keyarc_verify(tmp_path, "doctor", "--format", "json", prepare=bound_by_permissions)
    finally:
        tmp_path.chmod(0o755)
    assert done.code == 20
    assert findings(done)["evidence"]["state"] == "missing"
    assert "Permission denied" in findings(done)["evidence"]["detail"]


def test_programs_that_do_not_run_are_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(DISTRIBUTIONS, 16, "gone")
    states = [machine._postgres(version).state for version in (16, 18)]
    assert states == [State.MISSING, State.OK]


def test_a_package_that_is_not_there_is_optional(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(machine._EXTRAS, "no_such_module", ("nothing", "none"))
    found = machine._extra("no_such_module")
    assert (found.state, found.mend) == (
        State.OPTIONAL,
        "pip install -e '.[none]', or `make test`",
    )


def examined(folder: Path, text: str, **variables: str) -> tuple[int, dict[str, dict[str, Any]]]:
    async def run() -> Done:
        tls = Authority(folder).context("127.0.0.1")
        async with serving(good) as plain, serving(good, tls=tls) as secure:
            filled = text.replace("PLAIN", plain.url).replace("SECURE", secure.url)
            (folder / "some.yaml").write_text(filled)
            arguments = ("doctor", "--env", "some.yaml", "--format", "json")
            async with started(folder, *arguments, variables=variables) as process:
                return await finished(process)

    done = asyncio.run(run())
    return done.code, findings(done)


def test_an_environment_whose_addresses_answer_is_well(tmp_path: Path) -> None:
    code, found = examined(
        tmp_path,
        "name: some\ntls: {ca_file: ca.pem}\nvariables: {SEED: of users}\n"
        "services: {a: {url: PLAIN}, b: {url: SECURE}}\n",
        SEED="a-secret-value",
    )
    answers = [each for what, each in found.items() if what.startswith("127.0.0.1:")]
    assert code == 0, found
    assert {each["detail"] for each in answers} == {
        "answers",
        "answers, with a trusted certificate",
    }
    assert found["SEED"]["detail"] == "is set"
    assert "a-secret-value" not in json.dumps(found)


def test_what_an_environment_lacks_is_missing(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        closed = server.getsockname()[1]
    code, found = examined(
        tmp_path,
        "name: some\nvariables: {SEED: of users}\nservices:\n  untrusted: {url: SECURE}\n"
        f"  closed: {{url: 'http://127.0.0.1:{closed}'}}\n  nameless: {{url: 'http://a.invalid'}}\n",
    )
    missing = {what: each for what, each in found.items() if each["state"] == "missing"}
    assert code == 20
    [untrusted] = [each for each in missing.values() if "trusted" in each["mend"]]
    assert "certificate" in untrusted["detail"]
    assert {"SEED", f"127.0.0.1:{closed}", "a.invalid"} <= set(missing)
    assert missing["SEED"]["mend"] == "set it: of users"


def test_a_file_that_cannot_be_used_is_missing_with_its_problems(tmp_path: Path) -> None:
    code, found = examined(tmp_path, "name: some\nservices: {a: {}}\n")
    assert (code, found["file"]["state"]) == (20, "missing")
    assert found["file"]["detail"] == "line 2: services.a.url: missing"


def test_a_stack_that_is_not_up_is_optional(tmp_path: Path) -> None:
    code, found = examined(
        tmp_path,
        "name: some\nservices: {a: {url: '${stack:a.url}'}}\n"
        "stack: {services: {a: {command: [x]}}}\n",
    )
    assert (code, found["stack"]["state"]) == (0, "optional")


@pytest.mark.parametrize("options", [("--env", "nope"), ("--format", "xml")])
def test_what_is_unknown_is_a_usage_error(tmp_path: Path, options: tuple[str, ...]) -> None:
    done = keyarc_verify(tmp_path, "doctor", *options)
    assert (done.code, done.out) == (2, "")
    assert "unknown" in done.err


def test_a_platform_whose_tool_is_not_here_is_told_with_how_to_get_it(tmp_path: Path) -> None:
    done = keyarc_verify(
        tmp_path, "doctor", "--env", "staging", "--format", "json", variables={"PATH": "/nowhere"}
    )
    platform = findings(done)["platform fly"]
    assert platform["state"] == "optional"
    assert "flyctl is not on the PATH" in platform["detail"]

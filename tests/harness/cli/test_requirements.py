"""Variables that are not set and names that do not resolve: told in a few lines."""

import asyncio
import json
import socket
import threading
from pathlib import Path

import pytest

from harness.cli._names import public_hosts, unresolved
from harness.cli._requirements import obstacles
from harness.model import Verdict
from harness.records import read
from tests.harness.cli.command import Done, finished, good, keyarc_verify, started
from tests.harness.server import serving
from tests.harness.verifying import environment

STAGING = """
name: staging
variables: {SEED: of the test users}
control_url: https://control.invalid
services:
  a: {url: 'https://a.invalid', headers: {Authorization: 'Bearer ${env:TOKEN}'}}
  b: {url: 'https://b.invalid', connect: '127.0.0.1:9'}
  c: {url: 'http://c.invalid', visibility: private}
  d: {url: 'http://127.0.0.1:9'}
"""
ELSEWHERE = """
name: staging
services: {a: {url: 'https://a.invalid', also_at: ['https://b.invalid/b']}}
"""
REHEARSAL = "rehearsal: {stack_of: local, edge: edge}\n"
RELEASED = """
name: released
services: {a: {url: 'URL', release: {from: none}}}
platform: {name: fly, apps: {a: app-a}, settings: {program: '${env:FLYCTL}'}}
ledger: {name: github, settings: {repository: '${env:REPOSITORY}', token: '${env:TOKEN}'}}
"""


def told(folder: Path, text: str, *options: str, **variables: str) -> tuple[int, list[str], str]:
    (folder / "staging.yaml").write_text(text)
    done = keyarc_verify(folder, "smoke", "--env", "staging.yaml", *options, variables=variables)
    return done.code, done.err.splitlines(), done.out


def test_missing_variables_are_named_with_their_purpose_before_anything_is_sent(
    tmp_path: Path,
) -> None:
    code, lines, out = told(tmp_path, STAGING)
    assert (code, out) == (2, "")
    assert lines == [
        "keyarc-verify: staging cannot be verified from here; nothing was sent",
        "  not set:",
        "    SEED   of the test users",
        "    TOKEN  services.a.headers.Authorization needs it",
        "  names that do not resolve here:",
        "    a.invalid",
        "    control.invalid",
        "  needed: set the variables, and run where these names resolve (or give `connect`)",
    ]
    assert not (tmp_path / "reports").exists()


def test_the_rehearsal_is_named_where_there_is_one(tmp_path: Path) -> None:
    _, lines, _ = told(tmp_path, STAGING + REHEARSAL)
    command = "`keyarc-verify smoke --env staging.yaml --rehearse`"
    assert lines[-1] == f"  or: {command} runs the same checks here"


@pytest.mark.parametrize("command", ["smoke", "doctor"])
def test_what_platform_and_ledger_need_is_not_asked_of_who_only_looks(
    tmp_path: Path, command: str
) -> None:
    """Whoever verifies a deployed system from a laptop has no token of its pipeline."""

    async def run() -> Done:
        async with serving(good) as server:
            (tmp_path / "some.yaml").write_text(RELEASED.replace("URL", server.url))
            async with started(tmp_path, command, "--env", "some.yaml") as process:
                return await finished(process)

    done = asyncio.run(run())
    assert (done.code, "not set" in done.err) == (0, False), done


@pytest.mark.parametrize(
    ("command", "needed"),
    [
        (("gate", "--release", "r1"), ["FLYCTL", "REPOSITORY", "TOKEN"]),
        (("rollback",), ["FLYCTL", "REPOSITORY", "TOKEN"]),
        (("release", "list"), ["REPOSITORY", "TOKEN"]),
    ],
)
def test_who_works_on_releases_is_asked_for_it(
    tmp_path: Path, command: tuple[str, ...], needed: list[str]
) -> None:
    (tmp_path / "some.yaml").write_text(RELEASED.replace("URL", "http://127.0.0.1:9"))
    done = keyarc_verify(tmp_path, *command, "--env", "some.yaml")
    assert done.code == 2, done
    told = [line.split()[0] for line in done.err.splitlines() if line.startswith("    ")]
    assert told == needed


def test_an_empty_variable_is_missing(tmp_path: Path) -> None:
    _, lines, _ = told(tmp_path, STAGING, TOKEN="", SEED="12345678")
    assert "    TOKEN  services.a.headers.Authorization needs it" in lines


def test_where_no_name_resolves_the_run_is_a_hold_told_in_a_few_lines(tmp_path: Path) -> None:
    code, lines, out = told(tmp_path, ELSEWHERE + REHEARSAL, "--output", "run")
    assert code == 20
    assert len(out.splitlines()) < 9
    assert out.startswith("HOLD     a.invalid does not resolve here\nHOLD     b.invalid does not")
    assert " checks did not finish\n" in out
    assert ["--rehearse` runs the same checks here" in line for line in lines] == [True]
    record = read(tmp_path / "run")
    assert (record.judgement.verdict, record.results) == (Verdict.HOLD, ())


@pytest.mark.parametrize(
    ("resolving", "silent"),
    [
        (set(), ["a.test", "b.test", "control.test"]),
        ({"b.test"}, []),
        # What is silent then may be the system's fault, which is for the checks to say.
        ({"control.test"}, []),
    ],
)
def test_the_checks_run_where_one_name_resolves(
    monkeypatch: pytest.MonkeyPatch, resolving: set[str], silent: list[str]
) -> None:
    def answer(host: str, *arguments: object, **options: object) -> list[object]:
        if host not in resolving:
            raise socket.gaierror
        return [object()]

    monkeypatch.setattr(socket, "getaddrinfo", answer)
    where = environment({"a": "https://a.test", "b": "https://b.test"}).model_copy(
        update={"control_url": "https://control.test"}
    )
    found = asyncio.run(obstacles(where, "some", lambda line: None))
    assert [f"{host} does not resolve here" for host in silent] == found


def test_addresses_need_no_names() -> None:
    where = environment({"a": "http://127.0.0.1:9"})
    assert asyncio.run(obstacles(where, "some", lambda line: None)) == []


def test_only_names_that_dns_alone_leads_to_are_looked_up() -> None:
    where = environment(
        {
            "a": {
                "url": "https://a.test",
                "also_at": ["https://b.test:8443/x", "https://a.test/a"],
            },
            "private": {"url": "http://private.test", "visibility": "private"},
            "led": {"url": "https://led.test", "connect": "127.0.0.1:1"},
            "here": "http://localhost:1",
            "six": "http://[::1]:1",
            "address": "http://192.0.2.1",
            "stack": "${stack:a.url}",
        }
    )
    assert public_hosts(where) == ["a.test", "b.test"]


def test_names_are_looked_up_at_once_and_no_longer_than_the_limit(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A resolver that never answers is waited for once, not once for each name."""
    never, asked = threading.Event(), threading.Barrier(4, timeout=10)

    def hang(*arguments: object, **options: object) -> list[object]:
        asked.wait()
        never.wait(30)
        return []

    monkeypatch.setattr(socket, "getaddrinfo", hang)

    async def run() -> list[str]:
        silent = asyncio.create_task(unresolved(["a", "b", "c"], limit_s=0.2))
        await asyncio.to_thread(asked.wait)
        return await silent

    try:
        assert asyncio.run(run()) == ["a", "b", "c"]
    finally:
        never.set()


def test_a_name_that_cannot_be_one_does_not_resolve() -> None:
    assert asyncio.run(unresolved(["a" * 64 + ".test", "a..b", "localhost"])) == [
        "a" * 64 + ".test",
        "a..b",
    ]


def test_the_hold_is_json_too(tmp_path: Path) -> None:
    _, _, out = told(tmp_path, ELSEWHERE, "--format", "json")
    document = json.loads(out)
    assert (document["verdict"], document["results"]) == ("HOLD", [])

"""Generated requests find what breaks a document's promise, and say what they have not seen."""

import base64
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from starlette.requests import Request
from starlette.responses import Response

from harness.environment import Environment
from harness.errors import UsageError
from suites.fuzz.commission import Commission
from suites.fuzz.ledger import Finding, Ledger
from suites.fuzz.policy import must_be_allowed
from suites.fuzz.semantics import BYTES, as_base64
from tests.harness.cli.command import ROOT
from tests.planting import Forward, members, status, when
from tests.suites.conftest import Users
from tests.suites.journeys_faults import once, where_answered
from tests.suites.system import System

FUZZ = ROOT / "suites" / "fuzz"


def test_all_parts_together_are_the_whole() -> None:
    whole = {f"GET /{number}" for number in range(33)}
    parts = [Commission(seed=1, shard=i, shards=8).part(whole) for i in range(1, 9)]
    assert set.union(*parts) == whole
    assert sum(map(len, parts)) == len(whole)
    assert {len(part) for part in parts} == {4, 5}


def test_a_part_without_an_operation_is_refused() -> None:
    with pytest.raises(UsageError, match="3/3: this part has no operation"):
        Commission(seed=1, shard=3, shards=3).part({"GET /a", "GET /b"})


@pytest.mark.parametrize(
    "variables",
    [
        {"FUZZ_SHARD": "0/2"},
        {"FUZZ_SHARD": "3/2"},
        {"FUZZ_SHARD": "2"},
        {"FUZZ_SEED": "-1"},
        {"FUZZ_TIME": "10m"},
        {"FUZZ_SERVICE": "keys"},
    ],
)
def test_what_cannot_be_done_is_refused(variables: dict[str, str]) -> None:
    [(name, value)] = variables.items()
    with pytest.raises(UsageError, match=f"{name}={value}: "):
        Commission.of_environment(variables)


def test_nothing_said_is_the_whole_with_a_seed_of_its_own() -> None:
    given = Commission.of_environment({"FUZZ_SHARD": "", "FUZZ_OUTPUT": ""})
    assert (given.shard, given.shards, given.output) == (1, 1, None)
    assert given.seed != Commission.of_environment({}).seed


def found(message: str, check: str = "a_check") -> Finding:
    return Finding.of("GET /a", check, "ST101", message=message, curl="curl")


def test_a_finding_is_told_once_in_its_last_form(tmp_path: Path) -> None:
    ledger = Ledger()
    ledger.note("GET /a", 500, [found("large")])
    ledger.note("GET /a", 500, [found("small"), found("other", "another_check")])
    ledger.write(tmp_path, {"seed": 7})
    told = json.loads((tmp_path / "findings.json").read_text())
    assert sorted(finding["message"] for finding in told) == ["other", "small"]
    assert {frozenset(finding) for finding in told} == {
        frozenset({"id", "operation", "check", "message", "curl"})
    }


def test_what_was_not_seen_is_told_also_where_nothing_was_found(tmp_path: Path) -> None:
    ledger = Ledger()
    ledger.expects("GET /never")
    ledger.note("GET /a", 204, [])
    ledger.note("GET /b", 404, [])
    ledger.write(tmp_path / "new", {"seed": 7})
    assert json.loads((tmp_path / "new" / "findings.json").read_text()) == []
    coverage = json.loads((tmp_path / "new" / "coverage.json").read_text())
    assert coverage["without_success"] == ["GET /b", "GET /never"]
    assert (coverage["cases"], coverage["seed"]) == (2, 7)


@pytest.mark.parametrize("name", BYTES)
@pytest.mark.parametrize("text", ["", "A", "0" * 44, "/" * 11000, "AAAA===", "é" * 30])
def test_whatever_is_meant_as_base64_is_of_the_right_length(name: str, text: str) -> None:
    least, most = BYTES[name]
    changed = as_base64(text, least, most)
    assert least <= len(base64.b64decode(changed, validate=True)) <= most
    assert as_base64(changed, least, most) == changed


@pytest.fixture
def here(system: System, users_left: Users, tmp_path: Path) -> Path:
    (tmp_path / "here.yaml").write_text(json.dumps(system.declaration()))
    return tmp_path


def fuzz(folder: Path, *arguments: str, **variables: str) -> tuple[int, str]:
    """The suite by itself: its exit code, and what it says."""
    plugins = ("no:cacheprovider", "harness.plugin", "pytest_timeout")
    done = subprocess.run(
        [
            *(sys.executable, "-m", "pytest", f"--rootdir={ROOT}", str(FUZZ), "--env=here.yaml"),
            *(word for plugin in plugins for word in ("-p", plugin)),
            *("-q", *arguments),
        ],
        cwd=folder,
        env={
            **os.environ,
            "PYTHONPATH": str(ROOT),
            "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
            "KEYARC_ARGON2_COST": "1.64.1",
            "FUZZ_SEED": "7",
            "FUZZ_TIME": "0",
            "FUZZ_OUTPUT": "out",
            "FUZZ_CORPUS": "corpus",
            **variables,
        },
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


def told(folder: Path, name: str = "findings") -> list[dict[str, str]]:
    return list(json.loads((folder / "out" / f"{name}.json").read_text()))


def test_broken_promises_are_found_and_kept(system: System, here: Path, users_left: Users) -> None:
    """One in a single operation; and one for whoever has signed up in the request before."""
    breaks = once(status(500))

    async def for_strangers(request: Request, forward: Forward) -> Response:
        ours = json.loads(await request.body() or b"{}").get("email", "").startswith("verify-")
        return await (forward(request) if ours else breaks(request, forward))

    async def both(request: Request, forward: Forward) -> Response:
        login = when("POST", "/login", where_answered(200, for_strangers))
        refresh = when("POST", "/token/refresh", where_answered(200, members(expires_in="soon")))
        return await login(request, lambda asked: refresh(asked, forward))

    with system.broken("auth", both):
        code, said = fuzz(here, "-k", "stories or generated and refresh", FUZZ_SERVICE="auth")
    assert code == 1, said
    came = {(finding["operation"], finding["check"]): finding for finding in told(here)}
    refresh = came["auth POST /token/refresh", "response_schema_conformance"]
    assert ("auth POST /login", "not_a_server_error") in came
    assert 'Authorization: Bearer $TOKEN"' in refresh["curl"]
    assert "eyJ" not in json.dumps(told(here))
    assert list((here / "corpus").iterdir())
    assert users_left.emails() == []


def test_what_keeps_its_promises_passes_and_leaves_nothing(here: Path, users_left: Users) -> None:
    code, said = fuzz(here, "-k", "coverage and signup", FUZZ_SERVICE="auth")
    assert code == 0, said
    assert told(here) == []
    statuses = json.loads((here / "out" / "coverage.json").read_text())["operations"]
    assert list(statuses) == ["auth POST /signup"]
    assert statuses["auth POST /signup"]["201"] > 0
    assert users_left.emails() == []


def test_no_case_is_never_a_pass(here: Path) -> None:
    code, said = fuzz(here, "-k", "config.json", "--setup-only", FUZZ_SERVICE="frontend")
    assert code == 20, said


def test_where_it_must_not_be_is_told_at_once(system: System, here: Path) -> None:
    (here / "here.yaml").write_text(json.dumps({**system.declaration(), "production": True}))
    code, said = fuzz(here)
    assert (code, said.strip()) == (
        4,
        "ERROR: test is no place for generated requests: it is production, or nothing may be"
        " written there",
    )


def environment(url: str, **more: object) -> Environment:
    tree = {"name": "some", "services": {"a": {"url": url}}, **more}
    return Environment.model_validate(tree)


@pytest.mark.parametrize(
    "refused",
    [
        environment("https://a.example"),
        environment("http://127.0.0.1:9", policy={"write": False}),
        environment("https://a.example", production=True, policy={"fuzz": True, "write": True}),
    ],
)
def test_a_place_that_is_not_ours_is_refused(refused: Environment) -> None:
    with pytest.raises(UsageError, match="some is no place for generated requests"):
        must_be_allowed(refused)


@pytest.mark.parametrize(
    "allowed",
    [
        environment("http://127.0.0.1:9"),
        environment("https://a.example", policy={"fuzz": True}),
    ],
)
def test_a_place_of_this_machine_or_one_that_says_so_will_do(allowed: Environment) -> None:
    must_be_allowed(allowed)

"""A deployed environment rehearsed here: the real file and checks, a stack of this machine."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from harness.environment import Environment, find, missing, parse
from harness.errors import EnvironmentFileError
from harness.lease import filled_in
from harness.ledger import ledger_of
from harness.network import Network, Refused
from harness.rehearsal import led_here, staged
from tests.harness.stack.conftest import Sandbox
from tests.harness.stack.conftest import sandbox as sandbox

ROOT = Path(__file__).parents[2]
REFERENCES = {
    "stack:edge.port": "4430",
    "stack:edge.http_port": "8000",
    "stack:nameserver": "127.0.0.1:5300",
    "stack:ca_file": "/somewhere/ca.pem",
}


def test_the_stack_gets_the_shape_of_what_is_deployed() -> None:
    environment = staged(find("staging"))
    stack = environment.stack
    assert stack is not None
    assert {service.instances for service in environment.services.values()} == {2}
    hosts = ["staging.keyarc.io", "auth.staging.keyarc.io", "api.staging.keyarc.io"]
    assert (stack.names, stack.services["edge"].tls) == (hosts, hosts)
    assert stack.env["ENVIRONMENT"] == "staging"
    assert stack.services["auth"].env["RATE_LIMIT_LOGIN"] == "5"
    # What the overlay does not name stays.
    assert stack.services["auth"].env["DATABASE_URL"] == "${stack:postgres.url}"


def test_a_rehearsal_never_uses_a_database_that_a_variable_names() -> None:
    stack = staged(find("production")).stack
    assert stack is not None
    assert stack.postgres is not None
    assert stack.postgres.url_from is None


def test_public_names_lead_here_and_nothing_else_is_contacted() -> None:
    environment = led_here(staged(find("staging")), REFERENCES)
    network = Network.of(environment)
    assert network.address("api.staging.keyarc.io", 443) == ("127.0.0.1", 4430)
    assert network.address("staging.keyarc.io", 80) == ("127.0.0.1", 8000)
    assert network.nameserver == ("127.0.0.1", 5300)
    assert environment.control_url is None
    for host in ("keyarc-account-staging.flycast", "github.com", "203.0.113.9"):
        with pytest.raises(Refused):
            network.address(host, 443)


def test_only_names_lead_elsewhere() -> None:
    declared, led = parse(find("staging")), led_here(staged(find("staging")), REFERENCES)
    assert _without_ways(led) == _without_ways(declared)


def test_the_platform_is_asked_at_its_stand_in_and_else_the_stack_is_its_own() -> None:
    environment = staged(find("staging"))
    assert environment.stack is not None
    assert environment.stack.platform == "fly"
    led = led_here(environment, {**REFERENCES, "stack:platform": "http://127.0.0.1:7"}).platform
    assert led is not None
    assert environment.platform is not None
    assert (led.name, led.apps) == ("fly", environment.platform.apps)
    assert led.settings == {**environment.platform.settings, "api": "http://127.0.0.1:7"}
    assert led_here(environment, REFERENCES).platform is None


def test_what_a_rehearsal_earns_is_not_kept_where_the_deployed_environment_looks() -> None:
    assert parse(find("staging")).ledger.name == "github"
    led = led_here(staged(find("staging")), REFERENCES)
    kept = ledger_of(parse(find("local")).model_copy(update={"name": led.name}))
    assert str(ledger_of(led)) != str(kept)


def test_a_rehearsal_needs_nothing_of_the_deployed_ledger(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KEYARC_IDENTITY_SEED", "")
    monkeypatch.delenv("GITHUB_TOKEN", raising=False)
    named = [each.name for each in missing(staged(find("staging")), {})]
    assert named == ["KEYARC_IDENTITY_SEED"]
    filled_in(staged(find("staging")), REFERENCES, rehearse=True)
    assert "GITHUB_TOKEN" not in os.environ


def _without_ways(environment: Environment) -> object:
    tree = environment.model_dump(
        exclude={"stack", "tls", "network", "control_url", "ledger", "platform"}
    )
    for service in tree["services"].values():
        del service["connect"], service["http"]["connect"]
    return tree


def test_what_the_pipeline_would_supply_is_invented(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KEYARC_IDENTITY_SEED", "")
    filled_in(staged(find("staging")), REFERENCES, rehearse=True)
    assert len(os.environ["KEYARC_IDENTITY_SEED"]) > 32


def test_what_the_caller_supplies_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KEYARC_IDENTITY_SEED", "the caller's own seed")
    filled_in(staged(find("staging")), REFERENCES, rehearse=True)
    assert os.environ["KEYARC_IDENTITY_SEED"] == "the caller's own seed"


SMALL = "name: some\nservices: {a: {url: https://a.example}}\n"
STACK = "stack: {services: {a: {command: [x]}, e: {python: {app: 'm:a'}, tls: [localhost]}}}\n"


@pytest.mark.parametrize(
    ("rehearsal", "expected"),
    [
        ("", "it has no `rehearsal`, which would say what to start"),
        ("rehearsal: {stack_of: gone, edge: e}", "rehearsal.stack_of: there is no gone.yaml with"),
        (
            "rehearsal: {stack_of: other, edge: a}",
            "rehearsal.edge: a service of the stack with `tls` is needed: e",
        ),
        (
            "rehearsal: {stack_of: other, edge: e, services: {b: {}}}",
            "rehearsal.services.b: the stack has a, e",
        ),
    ],
)
def test_a_rehearsal_that_cannot_be_says_why(tmp_path: Path, rehearsal: str, expected: str) -> None:
    (tmp_path / "other.yaml").write_text(SMALL + STACK)
    (tmp_path / "some.yaml").write_text(SMALL + rehearsal)
    with pytest.raises(EnvironmentFileError) as caught:
        staged(tmp_path / "some.yaml")
    assert caught.value.problems[0].startswith(expected)


def test_a_stack_that_stands_for_itself_is_not_taken_for_a_rehearsal(sandbox: Sandbox) -> None:
    declared = sandbox.file.read_text().replace("${stack:one.url}", "https://one.example")
    sandbox.file.write_text(declared + "rehearsal: {stack_of: other, edge: e}\n")
    (sandbox.path / "other.yaml").write_text(SMALL + STACK)
    assert sandbox.up().code == 0
    done = sandbox.run("smoke", "--env", "here.yaml", "--rehearse")
    assert (done.code, done.out) == (2, "")
    assert "not started to rehearse; `keyarc-verify down --env here.yaml` ends it" in done.err


def keyarc_verify(folder: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "harness", *arguments],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("name", ["dev", "staging", "production"])
def test_what_ci_will_call_is_go_here(tmp_path: Path, name: str) -> None:
    arguments = ("--env", name, "--rehearse", "--release", "r7", "--output", "run")
    done = keyarc_verify(tmp_path, "smoke", *arguments)
    assert (done.returncode, done.stdout.splitlines()[-3][:4]) == (0, "GO  "), done.stdout
    asked = {
        exchange["url"].split("/")[2]
        for line in (tmp_path / "run" / "results.jsonl").read_text().splitlines()
        for attempt in json.loads(line)["attempts"]
        for exchange in attempt["exchanges"]
        if exchange["url"].startswith("https://")
    }
    site = {"production": "keyarc.io"}.get(name, f"{name}.keyarc.io")
    assert {site, f"auth.{site}", f"api.{site}"} == asked
    assert not (tmp_path / ".keyarc-verify").exists()

"""`deploy`: what it refuses, and in which words. What it does: tests/harness/stack/test_rollout."""

import signal
from pathlib import Path

import pytest
import yaml

from harness.environment import parse
from harness.ledger import Event, ledger_of
from tests.harness.stack.conftest import Sandbox, sandbox, until
from tests.harness.stack.shop import Shop

__all__ = ["sandbox"]

HANGS = "import time; time.sleep(3600)"


@pytest.fixture
def shop(sandbox: Sandbox) -> Shop:
    shop = Shop(sandbox)
    shop.declare()
    return shop


def events(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> list[tuple[Event, str]]:
    monkeypatch.chdir(shop.sandbox.path)
    return [(each.event, each.release) for each in ledger_of(parse(shop.sandbox.file)).entries()]


def test_a_deployment_is_told_and_noted(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    shop.up()
    done = shop.deploy("v2", "--from", str(shop.write("v2")))
    assert (done.code, done.out.startswith("here runs v2 (sha256:")) == (0, True)
    assert "one: v1 -> v2\n" in done.err
    status = shop.sandbox.run("status", *shop.env)
    assert status.code == 0
    assert status.out.startswith("release v2, up since ")
    assert [line.split()[3] for line in status.out.splitlines()[1:]] == ["v2", "v2"]
    assert events(shop, monkeypatch) == [(Event.DEPLOYED, "v2")]


def test_it_is_noted_before_it_begins(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    shop.up()
    source = str(shop.write("v2", HANGS))
    deploy = shop.sandbox.start("deploy", *shop.env, "--release", "v2", "--from", source)
    until(lambda: shop.status()["replacing"] == "v2")
    assert events(shop, monkeypatch) == [(Event.DEPLOYED, "v2")]
    deploy.send_signal(signal.SIGINT)
    _, err = deploy.communicate()
    assert deploy.returncode == 130
    assert "the stack finishes what it has begun" in err


def test_what_was_refused_is_not_noted(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    shop.up()
    assert shop.deploy("v9").code == 2
    assert shop.deploy("a b", "--from", ".").code == 2
    assert shop.deploy("v2", "--from", "").code == 2
    assert events(shop, monkeypatch) == []


def test_where_nothing_is_up_it_says_what_starts_it(shop: Shop) -> None:
    done = shop.deploy("v2", "--from", ".")
    assert (done.code, "`keyarc-verify up --env here.yaml`" in done.err) == (2, True)
    assert not (shop.sandbox.path / ".keyarc-verify").exists()


@pytest.mark.parametrize(
    ("env", "told"),
    [
        ("staging", "`keyarc-verify deploy --env staging --rehearse` deploys to its rehearsal"),
        ("nowhere", "local"),
    ],
)
def test_what_is_deployed_by_other_means_is_refused(shop: Shop, env: str, told: str) -> None:
    done = shop.sandbox.run("deploy", "--env", env, "--release", "v2")
    assert (done.code, told in done.err) == (2, True), done
    assert "Traceback" not in done.err


def test_an_environment_without_a_stack_is_refused(shop: Shop, tmp_path: Path) -> None:
    file = tmp_path / "there.yaml"
    file.write_text(yaml.safe_dump({"name": "there", "services": {"one": {"url": "http://a.b"}}}))
    done = shop.sandbox.run("deploy", "--env", "there.yaml", "--release", "v2")
    assert (done.code, "there has no `stack`" in done.err) == (2, True), done


def test_a_stack_that_rehearses_nothing_is_not_taken_for_a_rehearsal(shop: Shop) -> None:
    """The state of a rehearsal is where that of a stack of the same name would be."""
    environments = shop.sandbox.path / "environments"
    environments.mkdir()
    text = shop.sandbox.file.read_text()
    (environments / "staging.yaml").write_text(text)
    assert shop.sandbox.run("up", "--env", "staging").code == 0
    try:
        done = shop.sandbox.run("deploy", "--env", "staging", "--rehearse", "--release", "v2")
        assert done.code == 2
        assert "rehearsal" in done.err
    finally:
        shop.sandbox.run("down", "--env", "staging")

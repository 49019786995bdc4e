"""The fly.toml of each app: one for each, of one shape, as KeyArc is to run on Fly."""

import subprocess
from pathlib import Path

import pytest

from services import server
from tests.environments.fly_files import (
    ENVIRONMENTS,
    EVERY,
    FLY,
    PRIVATE,
    PUBLIC,
    SERVICES,
    apps,
    declared,
    document,
    every,
    leaves,
    seconds,
    web,
)
from tests.environments.flyctl import real_one, unplugged

# What differs from one environment to another, each held by a test here or in test_fly_settings.
OF_ITS_OWN = {
    "app",
    "http_service.min_machines_running",
    "services.0.min_machines_running",
    *(f"env.{name}" for name in ("ENVIRONMENT", "ALLOWED_ORIGINS", "AUTH_URL", "API_URL")),
    *(f"env.{name}" for name in ("ACCOUNT_URL", "KEYS_URL", "AUTH_REPLAY_APP", "API_REPLAY_APP")),
}


def test_there_is_one_for_each_app_and_no_other() -> None:
    found = sorted(str(file.relative_to(FLY)) for file in FLY.rglob("*") if file.is_file())
    assert found == sorted(f"{name}/{service}.toml" for name, service in EVERY)


@pytest.mark.parametrize("name", ENVIRONMENTS)
def test_it_is_one_for_each_app_that_the_environment_file_names(name: str) -> None:
    assert {service: document(name, service)["app"] for service in SERVICES} == apps(name)


@every
def test_a_rollback_goes_by_it_too(name: str, service: str) -> None:
    platform = declared(name).platform
    assert platform is not None
    config = platform.settings["config"].format(service=service)
    assert FLY.parent / config == FLY / name / f"{service}.toml"


@pytest.mark.parametrize("service", SERVICES)
@pytest.mark.parametrize("name", ENVIRONMENTS)
def test_environments_differ_in_names_and_counts_alone(name: str, service: str) -> None:
    mine, staging = leaves(document(name, service)), leaves(document("staging", service))
    assert list(mine) == list(staging)
    assert {path for path in mine if mine[path] != staging[path]} <= OF_ITS_OWN


@every
def test_machines_begin_in_the_primary_region_as_many_as_declared(name: str, service: str) -> None:
    tree, served = document(name, service), web(name, service)
    assert tree["primary_region"] == "iad"
    assert served["min_machines_running"] == declared(name).services[service].instances
    assert (served["auto_stop_machines"], served["auto_start_machines"]) == ("off", False)


@every
def test_machines_are_replaced_one_after_the_other_and_drained(name: str, service: str) -> None:
    tree = document(name, service)
    assert (tree["deploy"]["strategy"], tree["deploy"]["max_unavailable"]) == ("rolling", 1)
    assert tree["deploy"]["wait_timeout"] == "5m"
    assert tree["kill_signal"] in {number.name for number in server.ENDS}
    assert seconds(tree["kill_timeout"]) > server.GRACE_S


@every
def test_migrations_run_once_and_with_auth(name: str, service: str) -> None:
    command = document(name, service)["deploy"].get("release_command")
    assert command == ("python -m services.migrations.upgrade" if service == "auth" else None)


@every
def test_the_proxy_asks_for_liveness_and_a_deployment_for_readiness(
    name: str, service: str
) -> None:
    """Else a database that is down would take every machine, and its health, off the air."""
    [routing] = web(name, service)["checks" if service in PUBLIC else "http_checks"]
    assert (routing["path"], routing["interval"]) == ("/health/live", "2s")
    checks = document(name, service)["checks"]
    assert list(checks) == ["ready"]
    ready = checks["ready"]
    assert (ready["type"], ready["port"], ready["path"]) == ("http", server.PORT, "/health")
    assert ready["interval"] == "2s"
    # The contract: an answer within 2 s, whatever is broken.
    assert seconds(ready["timeout"]) > 2
    assert ready["method"] == routing["method"] == "GET"


@pytest.mark.parametrize("name", ENVIRONMENTS)
@pytest.mark.parametrize("service", PUBLIC)
def test_public_app_is_reached_over_https_alone(name: str, service: str) -> None:
    tree = document(name, service)
    assert "services" not in tree
    served = tree["http_service"]
    assert (served["internal_port"], served["force_https"]) == (server.PORT, True)
    headers = served["http_options"]["response"]["headers"]
    max_age_s = int(headers.pop("Strict-Transport-Security").removeprefix("max-age="))
    assert max_age_s >= declared(name).tls.hsts_min_age_s
    assert headers == {}


@pytest.mark.parametrize("name", ENVIRONMENTS)
@pytest.mark.parametrize("service", PRIVATE)
def test_private_app_has_one_plain_port_for_flycast(name: str, service: str) -> None:
    tree = document(name, service)
    assert "http_service" not in tree
    [served] = tree["services"]
    assert (served["internal_port"], served["protocol"]) == (server.PORT, "tcp")
    assert served["ports"] == [{"port": 80, "handlers": ["http"], "force_https": False}]
    assert declared(name).services[service].visibility == "private"


@pytest.mark.parametrize("name", ENVIRONMENTS)
def test_flyctl_finds_it_valid(tmp_path: Path, name: str) -> None:
    flyctl = real_one()
    for service in SERVICES:
        command = [flyctl, "config", "validate", "--strict", "--config"]
        done = validated([*command, str(FLY / name / f"{service}.toml")], tmp_path)
        assert done.returncode == 0, done.stdout + done.stderr
        assert "WARN" not in done.stdout, done.stdout


def test_flyctl_finds_a_key_that_it_does_not_know(tmp_path: Path) -> None:
    text = (FLY / "dev" / "auth.toml").read_text()
    (tmp_path / "fly.toml").write_text(text.replace("force_https", "force_http"))
    command = [real_one(), "config", "validate", "--strict", "--config", "fly.toml"]
    done = validated(command, tmp_path)
    assert (done.returncode, "http_service.force_http" in done.stdout) == (1, True)


def validated(command: list[str], home: Path) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        command, cwd=home, env=unplugged(home), stdin=subprocess.DEVNULL, timeout=60,
        capture_output=True, text=True, check=False,
    )  # fmt: skip

"""compose.yaml as it is read: who may what, who talks to whom, and no secret in it."""

import re
from typing import Any

import pytest
import yaml

from tests.images.sources import DEPLOYED, ROOT, STORED

TEXT = (ROOT / "compose.yaml").read_text()
EXAMPLE = (ROOT / ".env.example").read_text()
FILE = yaml.safe_load(TEXT)
SERVICES: dict[str, Any] = FILE["services"]
JOBS = ("migrations", "certificate")
LOCAL = yaml.safe_load((ROOT / "environments" / "local.yaml").read_text())["stack"]
COMPOSE = yaml.safe_load((ROOT / "environments" / "compose.yaml").read_text())
SECRETS = {"JWT_SECRET", "INTERNAL_TOKEN", "POSTGRES_PASSWORD"}


def networks(name: str) -> set[str]:
    return set(SERVICES[name].get("networks", []))


@pytest.mark.parametrize("name", SERVICES)
def test_each_is_confined(name: str) -> None:
    service = SERVICES[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert not service.get("privileged")


def test_only_the_job_that_gives_files_away_has_a_right_of_its_own() -> None:
    assert [name for name in SERVICES if "cap_add" in SERVICES[name]] == ["certificate"]
    certificate = SERVICES["certificate"]
    assert certificate["cap_add"] == ["CHOWN", "DAC_OVERRIDE"]
    assert certificate["network_mode"] == "none"
    assert [name for name in SERVICES if SERVICES[name].get("user", "1") in ("0", "0:0")] == [
        "certificate"
    ]


def test_only_the_edge_is_published_and_on_loopback_alone() -> None:
    assert [name for name in SERVICES if "ports" in SERVICES[name]] == ["edge"]
    assert SERVICES["edge"]["ports"] == ["127.0.0.1:8443:8443", "127.0.0.1:8080:8080"]
    public = COMPOSE["services"]["frontend"]
    assert (public["url"], public["http"]["url"]) == (
        "https://localhost:8443",
        "http://localhost:8080",
    )


def test_who_has_nothing_to_say_to_another_cannot() -> None:
    outside = [name for name in FILE["networks"] if not FILE["networks"][name].get("internal")]
    assert outside == ["outside"]
    assert [name for name in SERVICES if "outside" in networks(name)] == ["edge"]
    for private in ("account", "keys", "postgres", "migrations"):
        assert not networks("edge") & networks(private)
        assert not networks("frontend") & networks(private)
    assert not networks("gateway") & networks("postgres")
    assert networks("gateway") & networks("account") & networks("keys") == {"back"}


@pytest.mark.parametrize("name", [*DEPLOYED, "edge"])
def test_each_service_has_the_settings_that_it_has_on_a_developers_stack(name: str) -> None:
    expected = {**LOCAL["env"], **LOCAL["services"][name]["env"]}
    # The container's own name; and its proxy is no process of this machine.
    del expected["INSTANCE_ID"]
    given = SERVICES[name]["environment"]
    assert set(given) == set(expected)
    differ = {key for key in expected if "${" not in expected[key] + given[key]}
    differ = {key for key in differ if expected[key] != given[key]}
    assert differ <= {"TRUSTED_PROXIES"}


def test_each_service_is_its_own_target_or_an_image_that_is_named() -> None:
    for name in (*DEPLOYED, "edge"):
        assert SERVICES[name]["build"]["target"] == name
        # Without a default: compose would look for one of that name in a registry.
        assert SERVICES[name]["image"] == f"${{{name.upper()}_IMAGE:-}}"
    assert SERVICES["migrations"]["image"] == SERVICES["auth"]["image"]
    assert SERVICES["certificate"]["image"] == SERVICES["edge"]["image"]


def test_migrations_end_before_a_service_starts() -> None:
    waits = {"migrations": {"condition": "service_completed_successfully"}}
    for name in STORED:
        assert SERVICES[name]["depends_on"] == waits
    assert SERVICES["migrations"]["depends_on"] == {"postgres": {"condition": "service_healthy"}}
    for name in JOBS:
        assert SERVICES[name]["restart"] == "no"
        assert SERVICES[name]["healthcheck"] == {"disable": True}


def test_no_secret_is_in_the_file_and_a_missing_one_is_told() -> None:
    for name in SECRETS:
        uses = re.findall(rf"\$\{{{name}\b[^}}]*\}}", TEXT)
        assert uses
        assert set(uses) == {f"${{{name}:?set it in .env, as .env.example tells}}"}
    for service in SERVICES.values():
        for key, value in service.get("environment", {}).items():
            if re.search("SECRET|TOKEN|PASSWORD", key):
                assert value.startswith("${")


def test_the_example_names_every_variable_and_holds_no_secret() -> None:
    used = set(re.findall(r"\$\{(\w+)", TEXT))
    named = dict(re.findall(r"^#?([A-Z_]+)=(.*)$", EXAMPLE, re.MULTILINE))
    assert set(named) == used
    assert {name: named[name] for name in SECRETS} == dict.fromkeys(SECRETS, "")
    # What may be left out is what compose.yaml takes then.
    for name in used - SECRETS:
        assert f"${{{name}:-{named[name]}}}" in TEXT


def test_secrets_are_left_out_of_git_and_of_the_images() -> None:
    assert ".env" in (ROOT / ".gitignore").read_text().splitlines()
    assert (ROOT / ".dockerignore").read_text().splitlines()[1] == "*"

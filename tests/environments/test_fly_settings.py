"""What each fly.toml tells its service: as the environment file has it, and enough to start."""

from urllib.parse import urlsplit

import pytest

from services.settings import load
from tests.environments.fly_files import (
    ENVIRONMENTS,
    PUBLIC,
    apps,
    declared,
    document,
    every,
    secrets_of,
    settings_of,
)

# Given when a release is deployed, or by the machine itself.
AT_DEPLOYMENT = {"RELEASE_ID": "0" * 40, "INSTANCE_ID": "d8d9e4b"}


@every
def test_addresses_are_those_of_the_environment_file(name: str, service: str) -> None:
    found, given = declared(name), document(name, service)["env"]
    urls = {service: one.url for service, one in found.services.items()}
    site = "{0.scheme}://{0.netloc}".format(urlsplit(urls["frontend"]))
    expected = {
        "frontend": {"AUTH_URL": urls["auth"], "API_URL": urls["gateway"]},
        "auth": {"ALLOWED_ORIGINS": site},
        "gateway": {
            "ALLOWED_ORIGINS": site,
            "ACCOUNT_URL": urls["account"],
            "KEYS_URL": urls["keys"],
        },
    }.get(service, {})
    addresses = {key: text for key, text in given.items() if "://" in text}
    assert addresses == expected


@pytest.mark.parametrize("name", ENVIRONMENTS)
def test_the_sites_paths_lead_to_the_apps_that_answer_there(name: str) -> None:
    given, found = document(name, "frontend")["env"], declared(name).services
    for variable, service in (("AUTH_REPLAY_APP", "auth"), ("API_REPLAY_APP", "gateway")):
        assert given[variable] == apps(name)[service]
        assert urlsplit(found[service].url).hostname == urlsplit(found["frontend"].url).hostname


@every
def test_what_a_rehearsal_is_told_is_told_here_too(name: str, service: str) -> None:
    rehearsal = declared(name).rehearsal
    assert rehearsal is not None
    told = {**rehearsal.env, **rehearsal.services[service].env} if service in PUBLIC else {}
    given = document(name, service)["env"]
    assert {key: given.get(key) for key in told} == told
    assert given["ENVIRONMENT"] == rehearsal.env["ENVIRONMENT"]


@every
def test_every_setting_is_one_that_the_service_takes_and_no_secret(name: str, service: str) -> None:
    given = set(document(name, service)["env"])
    taken = {field.upper() for field in settings_of(service).model_fields}
    assert given <= taken - secrets_of(service) - set(AT_DEPLOYMENT)


@every
def test_the_service_starts_with_it_and_its_secrets(
    monkeypatch: pytest.MonkeyPatch, name: str, service: str
) -> None:
    for field in settings_of(service).model_fields:
        monkeypatch.delenv(field.upper(), raising=False)
    secret = "postgresql://a-user:a-password-of-32-bytes@host/name"
    given = {**document(name, service)["env"], **AT_DEPLOYMENT}
    given |= dict.fromkeys(secrets_of(service), secret)
    for variable, value in given.items():
        monkeypatch.setenv(variable, value)
    settings = load(settings_of(service))
    assert (settings.environment, settings.log_level) == (given["ENVIRONMENT"], "INFO")


@pytest.mark.parametrize("name", ENVIRONMENTS)
def test_the_clients_address_is_believed_from_the_proxy_alone(name: str) -> None:
    given = document(name, "auth")["env"]
    assert given["CLIENT_ADDRESS_HEADER"] == "Fly-Client-IP"
    # IPv4 is the proxy's; apps of the organization come from Fly's private IPv6.
    assert given["TRUSTED_PROXIES"] == "172.16.0.0/12"

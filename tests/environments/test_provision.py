"""What `environments/provision.sh` makes on Fly, over a stand-in of flyctl that keeps state."""

from collections.abc import Mapping
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

from tests.environments.fly_files import PRIVATE, PUBLIC, SERVICES, apps, secrets_of
from tests.environments.provisioning import PASSWORD, STAGING, Fly, in_the_lane

APPS = apps("staging")


class Built:
    """staging, made once from nothing; and then once more."""

    def __init__(self, folder: Path) -> None:
        self.fly = Fly(folder)
        self.first = self.fly.provision(*STAGING)
        self.state = self.fly.state
        self.second = self.fly.provision(*STAGING)

    def app(self, service: str) -> Mapping[str, Any]:
        found: Mapping[str, Any] = self.state["apps"][APPS[service]]
        return found

    def values(self, name: str) -> list[str]:
        """What was given for a secret."""
        pairs = [given.strip().split("=", 1) for given in self.first.inputs]
        return [value for key, value in pairs if key == name]


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Built:
    return Built(tmp_path_factory.mktemp("built"))


@pytest.fixture
def fly(built: Built, tmp_path: Path) -> Fly:
    """staging as it was built; each app with one machine."""
    state = deepcopy(built.state)
    for app in state["apps"].values():
        group = {"metadata": {"fly_process_group": "app"}}
        app["machines"] = [{"region": "iad", "state": "started", "config": group}]
    return Fly(tmp_path / "fly", **state)


def test_every_app_is_made_in_the_organization(built: Built) -> None:
    assert built.first.code == 0, built.first
    assert {name: app["org"] for name, app in built.state["apps"].items()} == dict.fromkeys(
        APPS.values(), "some"
    )


def test_public_apps_have_public_addresses_and_private_ones_flycast_alone(built: Built) -> None:
    kinds = {name: [one["Type"] for one in built.app(name)["ips"]] for name in SERVICES}
    public = {name: ["v6", "shared_v4"] for name in PUBLIC}
    assert kinds == {**public, **{name: ["private_v6"] for name in PRIVATE}}


def test_postgres_has_its_size_and_stands_where_the_machines_are(built: Built) -> None:
    [cluster] = built.state["clusters"]
    assert cluster["name"] == "keyarc-postgres-staging"
    assert (cluster["region"], cluster["volume-size"]) == ("iad", "10")


@pytest.mark.parametrize("service", SERVICES)
def test_each_service_has_the_secrets_that_it_takes_and_no_other(
    built: Built, service: str
) -> None:
    assert set(built.app(service)["secrets"]) == secrets_of(service)


def test_who_shares_a_secret_has_the_same_value(built: Built) -> None:
    jwt, internal = built.values("JWT_SECRET"), built.values("INTERNAL_TOKEN")
    assert (len(jwt), len(set(jwt)), len(internal), len(set(internal))) == (2, 1, 3, 1)
    assert min(len(jwt[0]), len(internal[0])) >= 32
    assert jwt[0] != internal[0]


def test_no_secret_is_an_argument_a_variable_a_file_or_told(built: Built) -> None:
    values = [PASSWORD, *built.values("JWT_SECRET"), *built.values("INTERNAL_TOKEN")]
    assert built.state["exposed"] == []
    files = [file for file in built.fly.home.rglob("*") if file.is_file()]
    texts = [built.first.told, *built.first.changes, *(file.read_text() for file in files)]
    for value in values:
        assert not any(value in text for text in texts)


def test_each_name_has_a_certificate_at_the_app_that_it_is_of(built: Built) -> None:
    assert {name: built.app(name)["certs"] for name in SERVICES} == {
        "frontend": ["staging.keyarc.io"],
        "auth": ["auth.staging.keyarc.io"],
        "gateway": ["api.staging.keyarc.io"],
        "account": [],
        "keys": [],
    }


def test_the_records_to_set_are_told(built: Built) -> None:
    for service in PUBLIC:
        [host] = built.app(service)["certs"]
        lines = [line.split()[1:3] for line in built.first.out.splitlines() if host in line.split()]
        found = {one["Type"]: one["Address"] for one in built.app(service)["ips"]}
        assert lines == [["A", found["shared_v4"]], ["AAAA", found["v6"]]]


def test_a_second_run_changes_nothing(built: Built) -> None:
    assert (built.second.code, built.second.changes) == (0, ())
    assert built.fly.state == built.state
    assert "nothing was changed" in built.second.err


def test_an_app_without_machines_waits_for_its_first_deployment(built: Built) -> None:
    for app in APPS.values():
        assert f"{app} has no machine yet" in built.first.err


def test_what_is_not_as_declared_is_mended_and_the_rest_left_alone(fly: Fly) -> None:
    state = fly.state
    found = {service: state["apps"][app] for service, app in APPS.items()}
    found["auth"]["machines"] *= 3
    found["keys"]["ips"] += found["auth"]["ips"]
    fly.state = {**state, "backups": []}
    done = fly.provision(*STAGING)
    after = {service: fly.state["apps"][app] for service, app in APPS.items()}
    assert done.code == 0, done
    assert {name: len(app["machines"]) for name, app in after.items()} == {
        **dict.fromkeys(SERVICES, 2),
        "auth": 3,
    }
    assert f"{APPS['auth']} has more machines than the declared 2" in done.err
    # What is public at a private app is open to everybody.
    assert [one["Type"] for one in after["keys"]["ips"]] == ["private_v6"]
    assert after["auth"]["ips"] == found["auth"]["ips"]
    assert "has no backup of the last 24 hours" in done.err


@in_the_lane
@pytest.mark.parametrize(
    ("full", "expected"), [([], "iad"), (["iad"], "dfw"), (["iad", "dfw"], "ord")]
)
def test_a_missing_machine_goes_where_there_is_room(
    fly: Fly, full: list[str], expected: str
) -> None:
    fly.state = {**fly.state, "full": full}
    done = fly.provision(*STAGING)
    assert done.code == 0, done
    for app in fly.state["apps"].values():
        assert [one["region"] for one in app["machines"]] == ["iad", expected]


@in_the_lane
def test_no_room_anywhere_is_told(fly: Fly) -> None:
    done = fly.fails(full=["iad", "dfw", "ord"])
    assert "fewer than 2 machines" in done.err


def test_a_secret_that_not_all_have_is_not_guessed(fly: Fly) -> None:
    state = fly.state
    del state["apps"][APPS["keys"]]["secrets"]["INTERNAL_TOKEN"]
    fly.state = state
    done = fly.provision(*STAGING)
    assert (done.code, done.inputs) == (20, ())
    for word in (APPS["gateway"], APPS["account"], APPS["keys"], "--rotate INTERNAL_TOKEN"):
        assert word in done.err


@in_the_lane
def test_rotation_gives_all_of_them_one_new_value(fly: Fly) -> None:
    done = fly.provision(*STAGING, "--rotate", "INTERNAL_TOKEN")
    assert (done.code, len(done.inputs), len(set(done.inputs))) == (0, 3, 1)
    given = [line for line in done.changes if line.startswith("secrets import --stage")]
    assert [line.split()[-1] for line in given] == [
        APPS[name] for name in ("gateway", "account", "keys")
    ]

"""What keeps an app on Fly from being well is told; real output of flyctl, changed in one place."""

from copy import deepcopy
from typing import Any

import pytest

from harness.deployment import Artifact, Running
from harness.errors import PlatformError
from harness.platforms._fly_reading import leased_of, releases_of, running, status_of
from tests.harness.platforms.flyctl_runs import APP, recorded
from tests.harness.platforms.flying import NEW

CHECK = {"type": "http", "interval": "10s"}


def read(
    machine: dict[str, Any] | None = None,
    release: dict[str, Any] | None = None,
    *,
    leased: list[str] | None = None,
    checks: bool = True,
    both: bool = False,
) -> Running:
    """The app, where the first of its machines and its newest release are changed like this."""
    status, releases = deepcopy(recorded("status").printed), deepcopy(recorded("releases").printed)
    for one in status["Machines"][: 2 if both else 1]:
        _change(one, machine or {})
    releases[0] |= release or {}
    machines = status_of(APP, status)
    return running(machines, releases_of(APP, releases), leased or [], checks=checks)


def _change(one: dict[str, Any], changes: dict[str, Any]) -> None:
    """Changes members; those named `config.NAME` within the config; None takes one away."""
    for path, value in changes.items():
        *above, name = path.split(".")
        holder = one[above[0]] if above else one
        if value is None:
            holder.pop(name, None)
        else:
            holder[name] = value


def test_an_app_that_is_well_has_no_troubles() -> None:
    image = Artifact(identity=NEW, reference=f"registry.fly.io/{APP}@{NEW}")
    assert Running(artifacts=(image, image), serial="2") == read()


@pytest.mark.parametrize(
    ("machine", "trouble"),
    [
        ({"host_status": "unreachable"}, "its host is unreachable"),
        ({"host_status": None}, "its host is not told of"),
        ({"checks": [{"name": "alive", "status": "critical"}]}, "check alive is critical"),
        ({"checks": [{"name": "alive", "status": "warning"}]}, "check alive is warning"),
        ({"checks": [{"name": "alive"}]}, "check alive is unknown"),
        ({"checks": None}, "none of its health checks has been seen"),
        ({"checks": []}, "none of its health checks has been seen"),
        (
            {"checks": None, "config.checks": None, "config.services": [{"checks": [CHECK]}]},
            "none of its health checks has been seen",
        ),
        ({"checks": None, "config.checks": None}, "has no health checks, so that nobody knows"),
        ({"cordoned": True}, "is cordoned: no requests are sent to it"),
        ({"state": "stopped"}, "is stopped"),
        ({"state": "suspended"}, "is suspended"),
        ({"state": "failed", "config.services": [{"autostop": "stop"}]}, "is failed"),
        ({"state": "stopped", "config.services": [{"autostop": "off"}]}, "is stopped"),
        ({"state": "stopped", "config.services": [{"autostop": "stop"}, {}]}, "is stopped"),
    ],
)
def test_a_machine_that_is_not_well_is_told(machine: dict[str, Any], trouble: str) -> None:
    (told,) = read(machine).troubles
    assert told.startswith("machine ")
    assert trouble in told


@pytest.mark.parametrize(
    "config",
    [
        {"config.services": [{"autostop": "stop"}]},
        {"config.services": [{"autostop": True}]},
        {"config.standbys": ["another"]},
    ],
)
def test_a_machine_that_may_rest_is_well_but_not_all_of_them(config: dict[str, Any]) -> None:
    resting = {"state": "stopped", **config}
    assert () == read(resting).troubles
    assert ("none of its machines is started",) == read(resting, both=True).troubles


def test_an_app_without_health_checks_is_well_where_the_file_says_so() -> None:
    bare = {"checks": None, "config.checks": None}
    assert () == read(bare, checks=False).troubles
    failing = {"checks": [{"name": "alive", "status": "critical"}]}
    assert () != read(failing, checks=False).troubles


@pytest.mark.parametrize(
    ("metadata", "trouble"),
    [
        ({"fly_release_version": "1"}, "its machines are of the releases 1, 2"),
        ({}, "its machines are of the releases 2, unknown"),
    ],
)
def test_machines_of_several_releases_are_told(metadata: dict[str, str], trouble: str) -> None:
    assert (trouble,) == read({"config.metadata": metadata}).troubles


def test_machines_that_are_behind_their_release_are_told() -> None:
    behind = {"config.metadata": {"fly_release_version": "1"}}
    told = ("its machines are of release 1, though 2 is complete",)
    assert told == read(behind, both=True).troubles
    assert () == read(behind, {"Status": "failed"}, both=True).troubles


@pytest.mark.parametrize("state", ["created", "starting", "stopping", "replacing", "updating"])
def test_a_machine_in_transit_is_an_operation_under_way(state: str) -> None:
    assert read({"state": state}).changing


@pytest.mark.parametrize(
    ("status", "changing"), [("pending", True), ("running", True), ("failed", False)]
)
def test_a_release_that_has_begun_is_an_operation_under_way(status: str, changing: bool) -> None:
    assert changing is read(release={"Status": status}).changing


def test_a_leased_machine_is_an_operation_under_way() -> None:
    held = leased_of(APP, recorded("leases held").printed)
    assert 1 == len(held)
    assert read(leased=held).changing
    assert [] == leased_of(APP, recorded("leases").printed)


@pytest.mark.parametrize("digest", ["", "latest", "sha256:abc"])
def test_a_machine_without_a_digest_is_no_answer(digest: str) -> None:
    with pytest.raises(PlatformError, match="does not tell the digest of the image of machine"):
        read({"image_ref": {"registry": "registry.fly.io", "repository": APP, "digest": digest}})


@pytest.mark.parametrize("printed", [None, [], {}, [{}], [{"Version": 0}], "releases"])
def test_what_are_no_releases_are_no_answer(printed: object) -> None:
    with pytest.raises(PlatformError):
        releases_of(APP, printed)


@pytest.mark.parametrize("printed", [None, [], "leases"])
def test_what_are_no_leases_are_no_answer(printed: object) -> None:
    with pytest.raises(PlatformError, match="is not understood"):
        leased_of(APP, printed)


def test_a_release_that_only_has_a_tag_has_no_artifact() -> None:
    printed = recorded("releases").printed
    printed[0]["ImageRef"] = f"registry.fly.io/{APP}:deployment-1"
    assert [True, False] == [one.artifact is None for one in releases_of(APP, printed)]


def test_what_machines_hold_is_in_no_message() -> None:
    printed = recorded("status").printed
    printed["Machines"][0]["config"] = {"env": {"TOKEN": "secret"}, "metadata": "secret"}
    with pytest.raises(PlatformError) as caught:
        status_of(APP, printed)
    assert "Machines.0.config.metadata" in str(caught.value)
    assert "secret" not in str(caught.value)

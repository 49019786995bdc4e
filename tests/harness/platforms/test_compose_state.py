"""What keeps a service of a compose project from being well, and what is an operation on it."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from harness.deployment import Artifact, Running
from harness.platforms._compose_reading import Container
from harness.platforms._compose_state import running
from tests.harness.platforms.compose_standin import MADE, NEW, printed


def container(**more: Any) -> Container:
    return Container.model_validate(printed(**more))


def looked(
    *containers: Container,
    others: tuple[Container, ...] = (),
    now: datetime | None = None,
    instances: int | None = None,
    checks: bool = True,
) -> Running:
    return running(
        containers,
        (*containers, *others),
        {},
        now=now,
        instances=len(containers) if instances is None else instances,
        checks=checks,
    )


def test_a_container_that_is_well_has_no_troubles() -> None:
    found = looked(container(variables=["RELEASE_ID=r=2", None]))
    artifact = Artifact(identity=NEW, reference=NEW, release="r=2")
    assert found == Running(artifacts=(artifact,), serial="1" * 12)


@pytest.mark.parametrize(
    ("more", "says"),
    [
        ({"health": "unhealthy"}, "is unhealthy"),
        ({"health": ""}, "has no health check, so that nobody knows whether it is well"),
        ({"status": "paused"}, "is paused"),
        ({"status": "dead"}, "is dead"),
        ({"status": "what?"}, "is what?"),
        ({"status": "exited", "exit_code": 137}, "has exited with 137"),
        (
            {"status": "restarting", "exit_code": 3, "restarts": 4},
            "crashes again and again, last with exit code 3",
        ),
        (
            {"health": "starting", "restarts": 2},
            "has crashed 2 times, and is not healthy yet",
        ),
        ({"status": "created", "error": "no such file"}, "could not be started: no such file"),
    ],
)
def test_what_is_not_well_is_a_trouble_and_no_operation(more: dict[str, Any], says: str) -> None:
    """Else a release that crashes for ever would be waited for, and never be rolled back."""
    found = looked(container(**more))
    assert (found.troubles, found.changing) == ((f"container shop-web-1 {says}",), False)


def test_who_wants_no_health_checks_is_not_told_of_them() -> None:
    assert looked(container(health=""), checks=False).troubles == ()
    assert looked(container(health="unhealthy"), checks=False).troubles != ()


@pytest.mark.parametrize(
    "more", [{"health": "starting"}, {"status": "removing"}, {"status": "created"}]
)
def test_what_is_about_to_change_is_an_operation(more: dict[str, Any]) -> None:
    found = looked(container(**more), now=MADE)
    assert found.changing


def test_what_does_not_run_is_no_artifact() -> None:
    states = ("running", "paused", "restarting", "exited", "dead", "created", "removing")
    found = {one: len(looked(container(status=one), now=MADE).artifacts) for one in states}
    assert [one for one, count in found.items() if count] == ["running", "paused", "restarting"]


@pytest.mark.parametrize(
    ("condition", "of_db", "waits"),
    [
        ("service_healthy", {"health": "starting"}, True),
        ("service_healthy", {"health": "unhealthy"}, False),
        ("service_healthy", {"status": "exited"}, False),
        ("service_healthy", {"health": "starting", "restarts": 1}, False),
        ("service_completed_successfully", {}, True),
        ("service_completed_successfully", {"status": "exited", "exit_code": 1}, False),
        ("service_started", {"status": "created", "error": "port is taken"}, False),
        ("service_started", {"status": "dead"}, False),
    ],
)
def test_a_container_is_started_only_after_what_it_depends_on(
    condition: str, of_db: dict[str, Any], waits: bool
) -> None:
    """A deployment that fails leaves behind what it has not started: it is under way no more."""
    waiting = container(status="created", depends_on=f"db:{condition}:false,cache:service_started")
    found = looked(waiting, others=(container(service="db", **of_db),), now=MADE)
    assert found.changing is waits
    trouble = "container shop-web-1 was not started, because of db"
    assert found.troubles == (() if waits else (trouble,))


def test_where_one_container_cannot_be_started_the_others_are_not() -> None:
    other = container(id="2" * 64, name="/shop-web-2", status="created", error="no such file")
    found = looked(container(status="created"), other, now=MADE)
    assert (found.changing, len(found.troubles)) == (False, 2)
    assert found.troubles[0] == "container shop-web-1 was not started, because of web"


@pytest.mark.parametrize("condition", ["service_healthy", "service_completed_successfully"])
def test_what_nothing_holds_up_is_started_within_a_minute_or_never(condition: str) -> None:
    done = {"status": "exited"} if "completed" in condition else {}
    db = container(service="db", **done)
    waiting = container(status="created", depends_on=f"db:{condition}:false")
    young = looked(waiting, others=(db,), now=MADE + timedelta(seconds=59))
    old = looked(waiting, others=(db,), now=MADE + timedelta(seconds=61))
    assert (young.changing, young.troubles) == (True, ())
    assert (old.changing, old.troubles) == (False, ("container shop-web-1 was never started",))


def test_another_number_than_declared_is_a_trouble() -> None:
    one, other = container(), container(id="2" * 64, name="/shop-web-2", number="2")
    assert looked(one, other, instances=2).troubles == ()
    assert looked(one, other, instances=3).troubles == ("has 2 containers, and 3 are declared",)
    assert looked(instances=1) == Running(artifacts=())


def test_several_configurations_are_a_trouble() -> None:
    found = looked(container(), container(id="2" * 64, config_hash="c2"))
    assert found.troubles == ("has containers of several configurations",)


def test_a_deployment_has_another_serial_and_a_crash_has_not() -> None:
    before = looked(container())
    crashed = looked(container(restarts=1))
    beside_older = looked(container(id="2" * 64, created=MADE - timedelta(1)), container())
    after = looked(container(), container(id="2" * 64, created=MADE + timedelta(seconds=1)))
    assert before.serial == crashed.serial == beside_older.serial == "1" * 12
    assert after.serial == "2" * 12

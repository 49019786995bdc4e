"""Wrong settings of Fly are told before anything is asked."""

from pathlib import Path
from typing import Any

import pytest

from harness.environment import Environment
from harness.errors import UsageError
from harness.platforms._fly_settings import Settings, settings_of
from harness.platforms.fly import connect
from tests.harness.platforms.flying import place

SERVICES: dict[str, Any] = {
    "frontend": {"depends_on": ["gateway"]},
    "gateway": {"depends_on": ["account", "keys"]},
    "account": {"depends_on": ["postgres"]},
    "keys": {"depends_on": ["postgres"]},
}


APPS = {name: f"some-{name}" for name in SERVICES}


def settings(
    folder: Path,
    given: dict[str, str] | None = None,
    apps: dict[str, str] = APPS,
    services: dict[str, Any] = SERVICES,
) -> Settings:
    environment = Environment.model_validate(
        {
            "name": "some",
            "services": {n: {"url": f"http://{n}.example", **one} for n, one in services.items()},
            "platform": {"name": "fly", "apps": apps, "settings": given or {}},
        }
    )
    return settings_of(environment, folder / "some.yaml", 90.0)


def test_what_others_depend_on_comes_first(tmp_path: Path) -> None:
    assert ["account", "keys", "gateway", "frontend"] == list(settings(tmp_path).apps)


def test_a_circle_of_dependencies_comes_to_an_end(tmp_path: Path) -> None:
    circle = {name: {"depends_on": ["keys" if name != "keys" else "gateway"]} for name in SERVICES}
    assert set(SERVICES) == set(settings(tmp_path, services=circle).apps)


def test_a_rollback_waits_for_all_checks_unless_told(tmp_path: Path) -> None:
    known = settings(tmp_path)
    found = (known.program, known.smoke_checks, known.checks, known.wait_timeout_s, known.api)
    assert ("flyctl", True, True, 30, None) == found
    assert known.release_variable is None


def test_each_app_has_its_own_config(tmp_path: Path) -> None:
    for name in SERVICES:
        (tmp_path / f"{name}-of-some-{name}.toml").touch()
    found = settings(tmp_path, {"config": "{service}-of-{app}.toml"}).config
    assert (tmp_path / "keys-of-some-keys.toml").resolve() == found["keys"]


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"programme": "flyctl"}, "programme: is not known; known: api"),
        ({"smoke_checks": "maybe"}, "'maybe' is not one of yes, no"),
        ({"checks": "no"}, "'no' is not one of required, none"),
        ({"wait_timeout_s": "5m"}, "'5m' is not between 1 and 90"),
        ({"wait_timeout_s": "0"}, "'0' is not between 1 and 90"),
        ({"wait_timeout_s": "90"}, "'90' is not between 1 and 90"),
        ({"release_variable": "RELEASE-ID"}, "'RELEASE-ID' is no name of a variable"),
        ({"release_variable": ""}, "'' is no name of a variable"),
        ({"config": "no-such-{app}.toml"}, "is no file; needed for "),
        ({"api": "https://api.fly.io"}, "a stand-in of Fly is at http://127.0.0.1:PORT"),
        ({"api": "http://10.0.0.1:80"}, "a stand-in of Fly is at http://127.0.0.1:PORT"),
    ],
)
def test_a_wrong_setting_is_told(given: dict[str, str], says: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError) as caught:
        settings(tmp_path, given)
    assert says in str(caught.value)


@pytest.mark.parametrize("app", ["--all", "Some", "a b", "", "a;b"])
def test_what_is_no_name_of_an_app_is_told(app: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"platform\.apps\.keys: .* is no name of a Fly app"):
        settings(tmp_path, apps={"keys": app})


def test_no_apps_at_all_are_told(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"platform\.apps: name the Fly app of each service"):
        settings(tmp_path, apps={})


@pytest.mark.parametrize("program", ["no-such-flyctl", "./no-such-flyctl"])
def test_a_missing_flyctl_is_told_with_how_to_get_it(program: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"no-such-flyctl is not .* to get flyctl: https://"):
        connect(place(tmp_path, program=program))

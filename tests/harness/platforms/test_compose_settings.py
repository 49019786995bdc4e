"""Wrong settings of a compose project are told before anything is asked."""

from pathlib import Path
from typing import Any

import pytest

from harness.environment import Environment
from harness.errors import UsageError
from harness.platforms._compose_settings import Settings, settings_of

SERVICES: dict[str, Any] = {
    "web": {"depends_on": ["api"], "instances": 2},
    "api": {"depends_on": ["db"]},
}
PROJECT = {"project": "shop"}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "compose.yaml").touch()
    return tmp_path


def settings(
    folder: Path, given: dict[str, str] = PROJECT, apps: dict[str, str] | None = None
) -> Settings:
    environment = Environment.model_validate(
        {
            "name": "some",
            "services": {n: {"url": f"http://{n}.example", **one} for n, one in SERVICES.items()},
            "platform": {"name": "compose", "apps": apps or {}, "settings": given},
        }
    )
    return settings_of(environment, folder / "some.yaml")


def test_a_project_and_the_file_beside_are_enough(folder: Path) -> None:
    assert settings(folder) == Settings(
        apps={"api": "api", "web": "web"},
        instances={"api": 1, "web": 2},
        project="shop",
        file=(folder / "compose.yaml").resolve(),
        env_file=None,
        program="docker",
        release_variable=None,
        checks=True,
    )


def test_what_others_depend_on_comes_first_by_its_name_there(folder: Path) -> None:
    found = settings(folder, apps={"web": "shop_web.1", "api": "shop-api"}).apps
    assert [*found.items()] == [("api", "shop-api"), ("web", "shop_web.1")]
    assert [*settings(folder, apps={"web": "front"}).apps.items()] == [("web", "front")]


def test_files_are_relative_to_the_environments(folder: Path) -> None:
    (folder / "deploy").mkdir()
    for name in ("compose.yml", ".env", "other.env"):
        (folder / "deploy" / name).touch()
    given = {**PROJECT, "file": "deploy/compose.yml"}
    assert settings(folder, given).env_file == (folder / "deploy" / ".env").resolve()
    given["env_file"] = "deploy/other.env"
    assert settings(folder, given).env_file == (folder / "deploy" / "other.env").resolve()


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"projekt": "shop"}, "projekt: is not known; known: checks, env_file, file, program, pro"),
        ({"project": None}, "project: needed: the name of the compose project"),
        ({"project": "--all"}, "project: '--all' is no name of a project"),
        ({"project": "Shop"}, "project: 'Shop' is no name of a project; these are small letters"),
        ({"file": "none.yaml"}, "none.yaml is no file; it is looked for relative to "),
        ({"file": "some.yaml"}, "some.yaml is the environment file itself; compose's is another"),
        ({"env_file": "none.env"}, "env_file: "),
        ({"release_variable": "A B"}, "release_variable: 'A B' is no name of a variable"),
        ({"checks": "no"}, "checks: 'no' is not one of required, none"),
    ],
)
def test_a_wrong_setting_is_told(given: dict[str, Any], says: str, folder: Path) -> None:
    wanted = {name: value for name, value in (PROJECT | given).items() if value is not None}
    with pytest.raises(UsageError) as caught:
        settings(folder, wanted)
    assert str(caught.value).startswith("platform.settings.")
    assert says in str(caught.value)


@pytest.mark.parametrize("app", ["--all", "a b", "", "a;b", "a/b"])
def test_what_is_no_name_of_a_service_is_told(app: str, folder: Path) -> None:
    with pytest.raises(UsageError, match=r"platform\.apps\.api: .* is no name of a compose"):
        settings(folder, apps={"api": app})


def test_two_services_cannot_be_one_of_compose(folder: Path) -> None:
    with pytest.raises(UsageError, match=r"platform\.apps: web and api are both shop"):
        settings(folder, apps={"web": "shop", "api": "shop"})

"""How compose is asked, and what no message of it shows."""

import json
from pathlib import Path

import pytest

from harness.errors import PlatformError, UsageError
from tests.harness.platforms.compose_standin import Shop, target

SECRET = "hunter2-and-longer"


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    return Shop(tmp_path)


@pytest.mark.parametrize("place", ["caller", "env_file", "name", "container"])
def test_a_secret_that_compose_fills_in_is_in_no_message(
    place: str, shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    if place == "caller":
        (shop.folder / "compose.yaml").write_text("services: {web: {mem_limit: '${LIMIT:-}'}}")
        monkeypatch.setenv("LIMIT", SECRET)
    elif place == "name":
        monkeypatch.setenv("SHOP_TOKEN", SECRET)
    else:
        (shop.folder / ".env").write_text(f"# some\nexport LIMIT = '{SECRET}' # a comment\n")
    said = f'strconv.ParseFloat: parsing "{SECRET}": invalid syntax'
    if place == "container":
        shop.keep(containers=[shop.container("web", status="created", error=said)])
        line = " ".join(shop.does(lambda compose: compose.confirm(target())))
    else:
        shop.keep(fails={"config": said})
        with pytest.raises(PlatformError) as caught:
            shop.does(lambda compose: compose.obtainable(target()))
        line = str(caught.value)
    assert "invalid syntax" in line
    assert SECRET not in line
    assert SECRET not in json.dumps([one["words"] for one in shop.heard()])


def test_the_release_is_no_secret(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    (shop.folder / "compose.yaml").write_text("services: {web: {image: '${RELEASE_ID}'}}")
    monkeypatch.setenv("RELEASE_ID", "release-nine")
    shop.keep(fails={"config": "no such image: release-nine"})
    with pytest.raises(PlatformError, match="no such image: release-nine"):
        shop.does(lambda compose: compose.obtainable(target()))


def test_the_files_of_the_project_are_named_whatever_the_current_folder(shop: Shop) -> None:
    (shop.folder / ".env").touch()
    shop.does(lambda compose: compose.obtainable(target()))
    (asked,) = [one["words"] for one in shop.heard("config")]
    folder = str(shop.folder.resolve())
    for option, value in {
        "--project-directory": folder,
        "--env-file": f"{folder}/.env",
        "-f": f"{folder}/compose.yaml",
    }.items():
        assert asked[asked.index(option) + 1] == value


@pytest.mark.parametrize("program", ["no-such-docker", "./no-such-docker"])
def test_a_missing_docker_is_told_with_how_to_get_it(program: str, shop: Shop) -> None:
    with pytest.raises(UsageError, match=r"no-such-docker is not .* to get docker with its plugin"):
        shop.compose(program=program)


def test_a_docker_without_compose_is_told_with_how_to_get_it(shop: Shop) -> None:
    shop.keep(compose="docker: unknown command: docker compose")
    with pytest.raises(UsageError, match=r"docker has no `compose`; to get docker with its plugin"):
        shop.compose()

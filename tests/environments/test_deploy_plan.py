"""What `deploy.sh` makes of an environment file and a list of images, before anybody is called."""

import json
import subprocess
import sys
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from harness.environment import find, parse
from tests.environments.deploying import IMAGES, NEW, ORDER, ROOT, images

PLAN = ROOT / "environments" / "deploy" / "plan.py"
FOLDER = ROOT / "environments"
DEPLOYED = ("dev", "test", "staging", "production")


@cache
def declared(name: str) -> str:
    """As `keyarc-verify env show` prints it."""
    return parse(find(name)).model_dump_json(by_alias=True, exclude_none=True)


def planned(
    name: str, *images_file: str, change: Mapping[str, Any] | None = None, folder: Path = FOLDER
) -> tuple[int, list[list[str]], str]:
    """The exit code, the lines, and the complaint; `change` is of the platform."""
    tree = json.loads(declared(name))
    for key, value in (change or {}).items():
        tree["platform"][key] = value
    done = subprocess.run(
        [sys.executable, "-IS", PLAN, folder, *images_file],
        input=json.dumps(tree),
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, [line.split("\t") for line in done.stdout.splitlines()], done.stderr


@pytest.mark.parametrize("name", DEPLOYED)
def test_each_deployed_environment_has_all_that_a_deployment_takes(
    tmp_path: Path, name: str
) -> None:
    code, lines, complaint = planned(name, images(tmp_path))
    assert (code, complaint) == (0, "")
    assert lines[:2] == [["platform", "fly"], ["fly", "RELEASE_ID", "false"]]
    spare = "true" if name in ("staging", "production") else "false"
    assert lines[2:] == [
        [
            *("app", service, f"keyarc-{service}-{name}"),
            str(FOLDER / "fly" / name / f"{service}.toml"),
            *(IMAGES[service], spare),
        ]
        for service in ORDER
    ]


def test_a_stack_of_this_machine_needs_no_images(tmp_path: Path) -> None:
    assert planned("local") == (0, [["platform", "local"]], "")
    code, _, complaint = planned("local", images(tmp_path))
    assert (code, "--images is for environments of images" in complaint) == (1, True)


def test_compose_takes_images_of_any_name_and_none(tmp_path: Path) -> None:
    compose = ["compose", "keyarc", str(ROOT / "compose.yaml"), "RELEASE_ID", str(ROOT / ".env")]
    assert planned("compose") == (0, [["platform", "compose"], compose], "")
    named = {service: f"keyarc-verify/{service}:mine" for service in reversed(ORDER)}
    code, lines, _ = planned("compose", images(tmp_path, named))
    assert (code, lines[1]) == (0, compose)
    assert lines[2:] == [["image", service, named[service]] for service in ORDER]


OTHER = "sha256:" + "b" * 63


@pytest.mark.parametrize("name", DEPLOYED)
def test_where_it_is_deployed_images_are_needed(name: str) -> None:
    code, _, complaint = planned(name)
    assert (code, complaint) == (1, f"{name} is on Fly: name its images by --images FILE\n")


@pytest.mark.parametrize("name", ["staging", "production"])
@pytest.mark.parametrize(
    ("named", "says"),
    [
        ({**IMAGES, "keys": "ghcr.io/some/keyarc-keys:v1"}, "keys: an image is NAME@sha256:…, not"),
        (
            {**IMAGES, "keys": f"ghcr.io/some/keyarc-keys@{OTHER}"},
            "keys: an image is NAME@sha256:…",
        ),
        ({**IMAGES, "keys": NEW}, "keys: an image is NAME@sha256:…, not 'sha256:bbb"),
        ({**IMAGES, "keys": f"--evil@{NEW}"}, "keys: '--evil@"),
        ({**IMAGES, "keys": f"a b@{NEW}"}, "keys: 'a b@"),
        ({**IMAGES, "keys": 7}, "keys: 7 is no name of an image"),
        ({key: IMAGES[key] for key in ORDER[:4]}, "names account, auth, gateway, keys; without: f"),
        ({**IMAGES, "edge": IMAGES["auth"]}, "unknown here: edge"),
        ([], "is no object of services and images"),
        ("{", "cannot be read"),
    ],
)
def test_images_that_are_not_exactly_these_by_their_digests_are_refused(
    tmp_path: Path, name: str, named: object, says: str
) -> None:
    code, lines, complaint = planned(name, images(tmp_path, named))
    assert (code, [line for line in lines if line[0] == "app"]) == (1, [])
    assert says in complaint
    assert "Traceback" not in complaint


def test_a_list_of_images_that_is_not_there_is_told(tmp_path: Path) -> None:
    code, _, complaint = planned("staging", str(tmp_path / "none.json"))
    assert (code, "none.json cannot be read" in complaint) == (1, True)


APPS = {service: f"keyarc-{service}-staging" for service in ORDER}


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (
            {"apps": {**APPS, "auth": "other"}},
            "auth.toml is of the app keyarc-auth-staging; the env",
        ),
        ({"apps": {"auth": "a"}}, "platform.apps names auth; without: account, "),
        ({"settings": {"config": "fly/staging/{service}.toml"}}, "release_variable is missing"),
        ({"settings": {"release_variable": "X"}}, "platform.settings.config is missing, such as"),
        (
            {"settings": {"release_variable": "X", "config": "no/{app}.toml"}},
            "no/keyarc-auth-staging.toml cannot be read",
        ),
        ({"name": "command"}, "staging is deployed by tools of its own: this script does not know"),
    ],
)
def test_an_environment_that_does_not_say_how_is_refused(
    tmp_path: Path, change: dict[str, Any], says: str
) -> None:
    code, _, complaint = planned("staging", images(tmp_path), change=change)
    assert (code, says in complaint) == (1, True), complaint


def test_an_environment_without_a_platform_is_refused(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-IS", PLAN, tmp_path],
        input='{"name": "mine", "services": {}}',
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, "mine has no `platform`" in done.stderr) == (1, True)

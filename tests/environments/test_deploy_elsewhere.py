"""`deploy.sh` where it is not Fly: a stack of this machine, compose, and what it does not know."""

import asyncio
import json
import os
from collections.abc import Mapping
from pathlib import Path

import pytest

from harness.ledger import Event
from tests.environments.deploying import (
    DONE,
    FAILED,
    IMAGES,
    ORDER,
    ROOT,
    USAGE,
    Done,
    calls_in,
    deploys,
    images,
    recording,
)
from tests.harness.cli.command import keyarc_verify
from tests.harness.cli.releasing import shop_up

# Of docker: `compose version` and `image inspect` answer; what FAILS names fails.
DOCKER = """
line = " ".join(sys.argv[1:])
sys.exit(any(word in line for word in os.environ.get("FAILS", "").split(",") if word))
"""


def run(folder: Path, *words: str, variables: Mapping[str, str] | None = None) -> Done:
    return asyncio.run(deploys(folder, *words, variables=variables))


def test_a_stack_of_this_machine_gets_a_release_of_a_directory(tmp_path: Path) -> None:
    with shop_up(tmp_path) as shop:
        folder = tmp_path / "sources"
        folder.mkdir()
        shop.source("v1").rename(folder / "shop.py")
        words = ("--env", shop.env, "--release", "v1")
        assert run(tmp_path, *words, "--from", "no-such").code == USAGE
        done = run(tmp_path, *words, "--from", str(folder))
        assert done.code == DONE, done
        shop.must_run("v1")
        assert shop.events("v1") == [Event.DEPLOYED]


def test_a_stack_that_is_not_up_is_not_deployed_to(tmp_path: Path) -> None:
    done = run(tmp_path, "--env", "local", "--release", "v1", "--from", ".")
    assert (done.code, "local is not up here" in done.err) == (USAGE, True), done


def compose(folder: Path, *words: str, **variables: str) -> tuple[Done, list[tuple[str, str]]]:
    """What became of it, and each call of docker: its words, and the release that it was told."""
    tools = folder / "tools"
    tools.mkdir(exist_ok=True)
    _, calls = recording(tools, "docker", DOCKER)

    path = f"{tools}{os.pathsep}{os.environ['PATH']}"
    given = ("--env", "compose", "--release", "r1", *words)
    done = run(folder, *given, variables={"PATH": path, **variables})
    return done, [
        (" ".join(words), env.get("RELEASE_ID", "") + env.get("KEYS_IMAGE", ""))
        for words, env in calls_in(calls)
    ]


PROJECT = f"compose --ansi never -p keyarc --project-directory {ROOT} -f {ROOT}/compose.yaml"


def test_compose_starts_all_of_it_with_the_images_and_the_release(tmp_path: Path) -> None:
    done, calls = compose(tmp_path, "--images", images(tmp_path))
    assert done.code == DONE, done
    told = f"r1{IMAGES['keys']}"
    env_file = f" --env-file {ROOT}/.env" if (ROOT / ".env").exists() else ""
    assert calls == [
        ("compose version", ""),
        *((f"image inspect {IMAGES[service]}", "") for service in ORDER),
        (f"{PROJECT}{env_file} config --quiet", told),
        (f"{PROJECT}{env_file} up --detach --wait", told),
    ]
    told_of = keyarc_verify(tmp_path, "release", "list", "--env", "compose", "--format", "json")
    assert [one["release"] for one in json.loads(told_of.out)] == ["r1"]


def test_compose_gets_images_that_are_elsewhere_and_builds_what_is_not_named(
    tmp_path: Path,
) -> None:
    done, calls = compose(tmp_path, "--images", images(tmp_path), FAILS="image inspect")
    assert done.code == DONE, done
    pulled = [line for line, _ in calls if line.startswith("pull")]
    assert pulled == [f"pull --quiet {IMAGES[service]}" for service in ORDER]
    done, calls = compose(tmp_path)
    assert (done.code, calls[-1][0].endswith(" up --detach --wait --build")) == (DONE, True), done


@pytest.mark.parametrize(
    ("fails", "code", "says", "noted"),
    [
        ("compose version", USAGE, "docker or its plugin compose is missing", False),
        ("image inspect,pull", USAGE, f"the image {IMAGES['auth']} cannot be had", False),
        ("config --quiet", USAGE, "compose.yaml cannot be used; nothing was touched", False),
        ("up --detach", FAILED, "compose failed: docker compose -p keyarc ps --all shows", True),
    ],
)
def test_compose_is_begun_only_where_it_can_succeed(
    tmp_path: Path, fails: str, code: int, says: str, noted: bool
) -> None:
    done, _ = compose(tmp_path, "--images", images(tmp_path), FAILS=fails)
    assert (done.code, any(says in line for line in done.said)) == (code, True), done
    assert (tmp_path / ".keyarc-verify").exists() is noted


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ((), "--env is missing"),
        (("--env", "local"), "--release is missing"),
        (("--env", "local", "--release"), "--release needs a value after it"),
        (("--env", "local", "--release", "a b"), "--release: letters, digits and . _ + -"),
        (("--env", "local", "--release", "-x"), "--release: letters, digits and . _ + -"),
        (("--env", "local", "--release", "r1", "--force"), "unknown argument --force"),
        (("--env", "no-such", "--release", "r1"), "the environment no-such cannot be read"),
        (("--env", "staging", "--release", "r1"), "this cannot be deployed"),
        (("--env", f"{ROOT}/environments/examples/helm.yaml", "--release", "r1"), "cannot be depl"),
        (("--env", "compose", "--release", "r1", "--from", "."), "--from is for stacks of this"),
    ],
)
def test_a_wrong_call_touches_nothing(tmp_path: Path, words: tuple[str, ...], says: str) -> None:
    done = run(tmp_path, *words)
    assert (done.code, done.out) == (USAGE, "")
    assert says in done.said[-1]
    assert done.said[-1].endswith("nothing was touched")
    assert list(tmp_path.iterdir()) == []


def test_it_tells_how_it_is_called(tmp_path: Path) -> None:
    done = run(tmp_path, "--help")
    assert (done.code, "--images FILE" in done.out) == (DONE, True)

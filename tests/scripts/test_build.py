"""From a commit to images.json: what is built, what is kept, and which tags stand for what.

Over real repositories, and a stand-in of `docker buildx imagetools`, unless KEYARC_VERIFY_REGISTRY
names a real registry.
"""

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.scripts.registry import REAL, SERVICES, Registry, registry
from tests.scripts.repository import Repository
from tests.scripts.step import Ended, step

TREE = {
    "services/Dockerfile": "",
    "services/tables.py": "",
    "services/gateway/app.py": "",
    "services/frontend/app.py": "",
}
COMMIT = "c" * 40


@pytest.fixture
def images(tmp_path: Path) -> Registry:
    return registry(tmp_path / "registry")


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    return Repository(tmp_path / "repository", TREE)


@pytest.fixture
def plan(images: Registry, repository: Repository) -> Callable[..., Ended]:
    def run(**env: str) -> Ended:
        given = {"IMAGES": images.prefix, "COMMIT": "HEAD", **images.env, **env}
        return step(repository.path, "plan-build", **given)

    return run


def built(ended: Ended) -> set[str]:
    assert (ended.code, ended.err) == (0, "")
    return {each["service"] for each in json.loads(ended.outputs["build"])}


def push_all(images: Registry, *tags: str) -> dict[str, str]:
    return {service: images.push(service, *tags) for service in SERVICES}


def test_the_first_build_builds_all(plan: Callable[..., Ended], images: Registry) -> None:
    ended = plan()
    assert built(ended) == set(SERVICES)
    assert json.loads(ended.outputs["kept"]) == {}
    assert {"service": "auth", "image": images.repository("auth")} in json.loads(
        ended.outputs["build"]
    )
    assert "no image of the last 1 commits" in ended.summary.replace("\\", "")


def test_what_did_not_change_keeps_the_image_of_the_last_build(
    plan: Callable[..., Ended], images: Registry, repository: Repository
) -> None:
    before = push_all(images, repository.first)
    # Two commits were pushed at once; nobody built the one between.
    repository.commits([{"services/gateway/app.py": "a = 1\n"}, {"README.md": "words"}])
    ended = plan()
    assert built(ended) == {"gateway"}
    del before["gateway"]
    assert json.loads(ended.outputs["kept"]) == before


def test_the_newest_build_counts_and_not_the_first(
    plan: Callable[..., Ended], images: Registry, repository: Repository
) -> None:
    push_all(images, repository.first)
    (second, _) = repository.commits([{"services/gateway/app.py": "a = 1\n"}, {}])
    newer = push_all(images, second)
    ended = plan()
    assert built(ended) == set()
    assert json.loads(ended.outputs["kept"]) == newer


def test_a_lost_image_is_built_again(
    plan: Callable[..., Ended], images: Registry, repository: Repository
) -> None:
    push_all(images, repository.first)
    repository.commits([{}])
    images.forget("keys", repository.first)
    assert built(plan()) == {"keys"}


def test_a_commit_that_was_built_is_not_built_again_unless_asked(
    plan: Callable[..., Ended], images: Registry, repository: Repository
) -> None:
    push_all(images, repository.first)
    assert built(plan()) == set()
    assert built(plan(REBUILD="true")) == set(SERVICES)


def test_a_merge_is_compared_along_the_branch_that_it_came_into(
    plan: Callable[..., Ended], images: Registry, repository: Repository
) -> None:
    push_all(images, repository.first)
    repository.git("checkout", "-q", "-b", "side")
    (side,) = repository.commits([{"services/frontend/app.py": "a = 1\n"}])
    repository.git("update-ref", "refs/heads/side", side)
    repository.git("checkout", "-q", "-f", "main")
    repository.git("reset", "-q", "--hard", repository.first)
    name = ("-c", "user.name=Tester", "-c", "user.email=tester@example.org")
    repository.git(*name, "merge", "-q", "--no-ff", "-m", "one", "side")
    # The other parent's images are not what main had before.
    push_all(images, side)
    assert built(plan()) == {"frontend"}


@pytest.mark.skipif(bool(REAL), reason="a real registry answers")
def test_a_registry_that_does_not_answer_is_no_registry_without_images(
    plan: Callable[..., Ended],
) -> None:
    ended = plan(REGISTRY_IS="down")
    assert ended.code == 20
    assert "cannot tell whether there is ghcr.io/keyarc-org/keyarc-auth" in ended.err
    assert "connection refused" in ended.err
    assert ended.outputs == {}


def merge(folder: Path, kept: dict[str, str], built: dict[str, str]) -> Ended:
    digests = folder / "digests"
    digests.mkdir()
    for service, image in built.items():
        (digests / service).write_text(f"{image}\n")
    return step(folder, "merge-images", "digests", KEPT=json.dumps(kept))


def image(service: str, digit: str = "a") -> str:
    return f"ghcr.io/o/keyarc-{service}@sha256:{digit * 64}"


ALL = {service: image(service) for service in SERVICES}


def test_images_json_is_made_of_what_was_built_and_what_was_kept(tmp_path: Path) -> None:
    kept = {service: image(service) for service in SERVICES if service != "keys"}
    ended = merge(tmp_path, kept, {"keys": image("keys", "b")})
    assert ended.code == 0
    assert json.loads(ended.outputs["images"]) == {**ALL, "keys": image("keys", "b")}


def test_where_nothing_was_built_there_is_no_folder(tmp_path: Path) -> None:
    ended = step(tmp_path, "merge-images", "nowhere", KEPT=json.dumps(ALL))
    assert json.loads(ended.outputs["images"]) == ALL


@pytest.mark.parametrize(
    ("kept", "built", "code", "said"),
    [
        ({}, {}, 20, "neither kept nor built: auth, account, keys, gateway, frontend"),
        ({**ALL}, {"keys": image("keys")}, 20, "both kept and built: keys"),
        ({**ALL}, {"shop": image("shop")}, 2, "one each, and no other"),
        ({s: ALL[s] for s in SERVICES[1:]}, {"auth": ""}, 2, "auth: an image is NAME@sha256"),
        ({s: ALL[s] for s in SERVICES[1:]}, {"auth": image("keys")}, 2, "auth: an image is"),
        ({s: ALL[s] for s in SERVICES[1:]}, {"auth": "ghcr.io/o/keyarc-auth:1"}, 2, "auth: an"),
        ({s: ALL[s] for s in SERVICES[1:]}, {"auth": image("auth")[:-1]}, 2, "auth: an image is"),
    ],
)
def test_images_that_are_not_one_for_each_service_are_refused(
    tmp_path: Path, kept: dict[str, str], built: dict[str, str], code: int, said: str
) -> None:
    ended = merge(tmp_path, kept, built)
    assert ended.code == code
    assert said in ended.err
    assert ended.outputs == {}


@pytest.fixture
def tag(images: Registry, tmp_path: Path) -> Callable[..., Ended]:
    def run(made: dict[str, str], **env: str) -> Ended:
        given = {"COMMIT": COMMIT, "REF": "refs/heads/main", **images.env, **env}
        return step(tmp_path, "tag-images", IMAGES_JSON=json.dumps(made), **given)

    return run


@pytest.mark.parametrize(
    ("ref", "tags", "others"),
    [
        ("refs/heads/main", {COMMIT, "latest"}, set()),
        ("refs/heads/release/1.x", {COMMIT}, {"latest"}),
        ("refs/tags/v1.2.3", {COMMIT, "1.2.3"}, {"latest", "v1.2.3"}),
    ],
)
def test_tags_stand_for_the_very_image(
    tag: Callable[..., Ended], images: Registry, ref: str, tags: set[str], others: set[str]
) -> None:
    made = push_all(images)
    ended = tag(made, REF=ref)
    assert (ended.code, ended.err) == (0, "")
    for service in SERVICES:
        assert {images.has(service, each) for each in tags} == {made[service]}
        assert {images.has(service, each) for each in others} <= {None}
    assert tag(made, REF=ref).code == 0  # again, as a re-run does


def test_latest_moves_and_a_commit_does_not_unless_it_is_built_anew(
    tag: Callable[..., Ended], images: Registry
) -> None:
    first, second = push_all(images), push_all(images)
    assert tag(first).code == 0
    ended = tag(second)
    assert ended.code == 20
    assert f":{COMMIT} stands for sha256:" in ended.err
    assert images.has("auth", "latest") == first["auth"]
    assert tag(second, COMMIT="d" * 40).code == 0
    assert images.has("auth", "latest") == second["auth"]
    assert tag(second, REBUILD="true").code == 0
    assert images.has("auth", COMMIT) == second["auth"]


def test_a_version_never_moves(tag: Callable[..., Ended], images: Registry) -> None:
    first, second = push_all(images), push_all(images)
    assert tag(first, REF="refs/tags/v1.0.0").code == 0
    ended = tag(second, REF="refs/tags/v1.0.0", COMMIT="d" * 40, REBUILD="true")
    assert ended.code == 20
    assert images.has("auth", "1.0.0") == first["auth"]
    assert images.has("auth", "d" * 40) is None


@pytest.mark.parametrize(
    ("env", "said"),
    [
        ({"COMMIT": "main"}, "COMMIT is a whole commit id"),
        ({"REF": "refs/tags/v1.2"}, "a version is MAJOR.MINOR.PATCH"),
        ({"IMAGES_JSON": "{}"}, "one each, and no other"),
        ({"IMAGES_JSON": "no"}, "the images are not JSON"),
    ],
)
def test_a_wrong_call_tags_nothing(
    tmp_path: Path, images: Registry, env: dict[str, str], said: str
) -> None:
    made = json.dumps(push_all(images))
    given = {"COMMIT": COMMIT, "REF": "refs/heads/main", "IMAGES_JSON": made, **images.env, **env}
    ended = step(tmp_path, "tag-images", **given)
    assert ended.code == 2
    assert said in ended.err
    assert images.has("auth", "latest") is None


@pytest.mark.skipif(bool(REAL), reason="a real registry tells the truth")
def test_a_tag_that_was_not_set_is_seen(tag: Callable[..., Ended], images: Registry) -> None:
    ended = tag(push_all(images), REGISTRY_IS="lying")
    assert ended.code == 20
    assert "and is missing" in ended.err


def test_an_image_that_is_not_there_cannot_be_tagged(
    tag: Callable[..., Ended], images: Registry
) -> None:
    made = push_all(images)
    ended = tag({**made, "keys": f"{images.repository('keys')}@sha256:{'0' * 64}"})
    assert ended.code == 20
    assert "cannot tag" in ended.err


def test_the_images_of_a_commit_are_found_all_or_none(tmp_path: Path, images: Registry) -> None:
    made = push_all(images, COMMIT)
    given = {"IMAGES": images.prefix, "COMMIT": COMMIT, **images.env}
    assert json.loads(step(tmp_path, "find-images", **given).outputs["images"]) == made
    images.forget("keys", COMMIT)
    ended = step(tmp_path, "find-images", **given)
    assert (ended.code, ended.outputs) == (20, {})
    assert f"{COMMIT} was not built, or not wholly: no keys" in ended.err


def test_without_docker_nothing_is_known(tmp_path: Path) -> None:
    given = {"IMAGES": "ghcr.io/o", "COMMIT": COMMIT, "PATH": os.fspath(tmp_path)}
    ended = step(tmp_path, "find-images", **given)
    assert ended.code == 20
    assert "docker" in ended.err
    assert "Traceback" not in ended.err

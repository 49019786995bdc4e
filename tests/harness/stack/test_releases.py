"""The store of releases: what is taken, what is refused, what has become of it."""

import io
import json
import os
import subprocess
import tarfile
from pathlib import Path

import pytest

from harness.environment import Environment
from harness.errors import UsageError
from harness.release_id import checked
from harness.stack import origin, trees
from harness.stack.origin import opened
from harness.stack.releases import Store
from harness.stack.state import default_directory
from harness.stack.trees import Parts, parts_of

PARTS = Parts(required=("shop",), optional=("goods",), whole=False)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "releases" / "here")


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """A package, a module beside it, and what is no part of a release."""
    path = tmp_path / "source"
    (path / "shop" / "part").mkdir(parents=True)
    (path / "shop" / "__init__.py").write_text("")
    (path / "shop" / "part" / "app.py").write_text("app = 1\n")
    (path / "goods.py").write_text("goods = 2\n")
    (path / "notes.txt").write_text("for nobody")
    for ignored in (".git", "shop/__pycache__", "venv"):
        (path / ignored).mkdir()
        (path / ignored / "file").write_text("ignored")
    (path / "venv" / "pyvenv.cfg").write_text("")
    return path


def names(tree: Path) -> set[str]:
    return {str(each.relative_to(tree)) for each in tree.rglob("*") if not each.is_dir()}


@pytest.mark.parametrize("text", ["v1", "1.2.3-rc.1+build_5", "a" * 100, "7"])
def test_a_usual_release_id_is_taken_as_it_is(text: str) -> None:
    assert checked(text) == text


@pytest.mark.parametrize(
    "text",
    [
        *("", "-v1", ".", "..", ".hidden", "a/b", "a\\b", "a b", "a;b", "$(id)", "a\n", "v1\0"),
        *("a" * 101, "~", "*", "a%2f", "é"),
    ],
)
def test_an_id_that_could_be_misread_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="release id"):
        checked(text)


def test_what_the_programs_name_is_taken_and_nothing_else(store: Store, source: Path) -> None:
    taken = store.take("v1", PARTS.among(source), "a test")
    assert names(taken.tree) == {"shop/__init__.py", "shop/part/app.py", "goods.py"}
    assert store.find("v1") == taken
    assert taken.damage() is None


def test_a_command_may_need_the_whole_directory(store: Store, source: Path) -> None:
    whole = Parts(required=("shop",), optional=(), whole=True)
    tree = store.take("v1", whole.among(source), "a test").tree
    assert "notes.txt" in names(tree)
    assert [name for name in names(tree) if "file" in name] == []


def test_parts_follow_from_the_programs_of_what_is_deployed() -> None:
    python = {"python": {"app": "shop.main:app", "preload": ["sqlalchemy.orm", "goods"]}}
    environment = Environment.model_validate(
        {
            "name": "here",
            "services": {"one": {"url": "http://127.0.0.1:1"}},
            "stack": {
                "migrate": {"python": {"app": "schema:main"}},
                "services": {"one": python, "edge": {"command": ["edge"]}},
            },
        }
    )
    assert parts_of(environment) == Parts(("schema", "shop"), ("sqlalchemy", "goods"), whole=False)


def test_a_program_that_is_not_there_is_named(source: Path) -> None:
    with pytest.raises(UsageError, match="there is no 'till' in it"):
        Parts(required=("till",), optional=(), whole=False).among(source)


def changes() -> list[tuple[str, str]]:
    return [
        ("content", "echo two > shop/part/app.py"),
        ("a new file", "echo > shop/new.py"),
        ("a name", "mv shop/part/app.py shop/part/apps.py"),
        ("a place", "mv shop/part/app.py shop/app.py"),
        ("what may be executed", "chmod +x shop/part/app.py"),
        ("where a link leads", "ln -s part/app.py shop/link"),
    ]


@pytest.mark.parametrize(("what", "script"), changes())
def test_identity_changes_with(what: str, script: str, source: Path) -> None:
    before = trees.identity(PARTS.among(source))
    subprocess.run(["sh", "-c", script], cwd=source, check=True)
    assert trees.identity(PARTS.among(source)) != before, what


def test_identity_is_the_same_wherever_and_whenever_it_is(source: Path, store: Store) -> None:
    sources = PARTS.among(source)
    before = trees.identity(sources)
    os.utime(source / "goods.py", (1, 1))
    (source / "goods.py").chmod(0o600)
    assert trees.identity(dict(reversed(sources.items()))) == before
    assert store.take("v1", sources, "a test").identity == before


def test_the_same_content_may_be_taken_again(store: Store, source: Path) -> None:
    first = store.take("v1", PARTS.among(source), "here")
    assert store.take("v1", PARTS.among(source), "there") == first
    assert store.take("v2", PARTS.among(source), "there").identity == first.identity
    assert sorted(store.ids()) == ["v1", "v2"]


def test_other_content_never_takes_the_place_of_a_release(store: Store, source: Path) -> None:
    first = store.take("v1", PARTS.among(source), "here")
    (source / "goods.py").write_text("goods = 3\n")
    with pytest.raises(UsageError, match="stored already, with other content, taken from here"):
        store.take("v1", PARTS.among(source), "there")
    assert store.find("v1") == first
    assert first.damage() is None
    assert [each.name for each in store.folder.iterdir()] == ["v1"]


def test_what_cannot_be_taken_leaves_nothing(store: Store, source: Path) -> None:
    (source / "shop" / "out").symlink_to("/etc/hostname")
    with pytest.raises(UsageError, match="a link that leads out of the release"):
        store.take("v1", PARTS.among(source), "a test")
    (source / "shop" / "out").unlink()
    os.mkfifo(source / "shop" / "pipe")
    with pytest.raises(UsageError, match="neither file, folder nor link"):
        store.take("v1", PARTS.among(source), "a test")
    assert list(store.folder.iterdir()) == []


def test_what_a_killed_take_left_is_removed(store: Store, source: Path) -> None:
    gone = subprocess.Popen(["true"])
    gone.wait()
    (store.folder / f".taking-{gone.pid}-x" / "tree").mkdir(parents=True)
    store.take("v1", PARTS.among(source), "a test")
    assert [each.name for each in store.folder.iterdir()] == ["v1"]


def test_an_unknown_release_lists_the_known_newest_first(store: Store, source: Path) -> None:
    for number, release in enumerate(["v1", "v2"]):
        folder = store.take(release, PARTS.among(source), "a test").tree.parent
        os.utime(folder, (number, number))
    with pytest.raises(UsageError, match="v9 is not stored here; known: v2, v1"):
        store.find("v9")


@pytest.mark.parametrize("about", ["", "[]", "{}", '{"release": 1}', "\0"])
def test_a_record_that_cannot_be_read_is_told(store: Store, source: Path, about: str) -> None:
    folder = store.take("v1", PARTS.among(source), "a test").tree.parent
    (folder / "release.json").write_text(about)
    with pytest.raises(UsageError, match=r"release\.json: cannot be read any more"):
        store.find("v1")


@pytest.mark.parametrize("script", ["echo >> goods.py", "rm goods.py", "echo > new.py", "rm -r *"])
def test_a_damaged_tree_is_told(store: Store, source: Path, script: str) -> None:
    taken = store.take("v1", PARTS.among(source), "a test")
    subprocess.run(["sh", "-c", script], cwd=taken.tree, check=True)
    assert "release v1 is damaged" in str(store.find("v1").damage())
    with pytest.raises(UsageError, match="damaged"):
        store.take("v1", PARTS.among(source), "a test")


def test_what_python_writes_beside_a_module_is_no_damage(store: Store, source: Path) -> None:
    taken = store.take("v1", PARTS.among(source), "a test")
    for folder in (taken.tree, taken.tree / "shop"):
        (folder / "__pycache__").mkdir()
        (folder / "__pycache__" / "app.cpython-311.pyc").write_bytes(b"x")
    assert taken.damage() is None


def test_a_release_is_found_by_its_identity(store: Store, source: Path) -> None:
    first = store.take("v1", PARTS.among(source), "a test")
    store.take("v2", PARTS.among(source), "a test")
    assert store.of(first.identity, "v1") == first
    assert store.of(first.identity).release in ("v1", "v2")
    with pytest.raises(UsageError, match="no such files are stored"):
        store.of("sha256:0", "v1")


def test_a_commit_is_taken_as_it_was(store: Store, source: Path, git: Path) -> None:
    with opened(str(source), PARTS) as (sources, _):
        directory = trees.identity(sources)
    (source / "goods.py").write_text("goods = 3, and not committed\n")
    with opened("HEAD", PARTS) as (sources, told):
        taken = store.take("v1", sources, told)
    assert names(taken.tree) == {"shop/__init__.py", "shop/part/app.py", "goods.py"}
    assert taken.identity == directory
    assert taken.source.startswith("HEAD, commit ")


def test_a_directory_is_meant_where_both_exist(source: Path, git: Path) -> None:
    subprocess.run(["git", "branch", "shop"], cwd=git, check=True)
    with pytest.raises(UsageError, match="shop: there is no 'shop' in it"), opened("shop", PARTS):
        pass


@pytest.mark.parametrize("ref", ["no-such", "--help", "HEAD:goods.py", "", "a\0b", "$(id)"])
def test_what_is_neither_is_told(ref: str, git: Path) -> None:
    with pytest.raises(UsageError, match="--from"), opened(ref, PARTS):
        pass


def test_links_and_modes_of_a_commit_are_kept(store: Store, source: Path, git: Path) -> None:
    (source / "shop" / "run").write_text("#!/bin/sh\n")
    (source / "shop" / "run").chmod(0o755)
    (source / "shop" / "same").symlink_to("run")
    commit_all(source)
    with opened("HEAD", PARTS) as (sources, told):
        tree = store.take("v1", sources, told).tree / "shop"
    assert (tree / "run").stat().st_mode & 0o777 == 0o755
    assert (tree / "same").readlink() == Path("run")


def test_a_link_out_of_a_commit_is_refused(store: Store, source: Path, git: Path) -> None:
    (source / "shop" / "out").symlink_to("../../outside")
    commit_all(source)
    with (
        pytest.raises(UsageError, match="a link that leads out"),
        opened("HEAD", PARTS) as (sources, told),
    ):
        store.take("v1", sources, told)


@pytest.mark.parametrize("name", ["../shop/x", "/shop/x", "shop/../../x"])
def test_an_archive_cannot_write_elsewhere(tmp_path: Path, name: str) -> None:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        archive.addfile(tarfile.TarInfo(name))
    packed.seek(0)
    with (
        tarfile.open(fileobj=packed, mode="r|") as archive,
        pytest.raises(UsageError, match="which is no path within it"),
    ):
        origin._write(archive, PARTS, tmp_path / "folder")
    assert list(tmp_path.rglob("x")) == []


def commit_all(source: Path) -> None:
    who = ["-c", "user.name=test", "-c", "user.email=test@example.test"]
    for words in (["add", "."], [*who, "commit", "-qm", "two"]):
        subprocess.run(["git", *words], check=True, cwd=source)


def test_a_commit_without_the_program_is_told(git: Path) -> None:
    parts = Parts(required=("till",), optional=(), whole=False)
    with pytest.raises(UsageError, match="git HEAD: there is no 'till'"), opened("HEAD", parts):
        pass


@pytest.fixture
def git(source: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The source, committed; the current directory."""
    monkeypatch.chdir(source)
    (source / ".git" / "file").unlink()
    (source / ".git").rmdir()
    who = ["-c", "user.name=test", "-c", "user.email=test@example.test"]
    for words in (["init", "-q"], ["add", "shop", "goods.py"], [*who, "commit", "-qm", "one"]):
        subprocess.run(["git", *words], check=True)
    return source


def test_no_environment_can_be_called_as_the_store_is() -> None:
    with pytest.raises(UsageError, match="cannot be called releases"):
        default_directory("releases")


def test_the_record_names_what_is_known(store: Store, source: Path) -> None:
    taken = store.take("v1", PARTS.among(source), "a test")
    record = json.loads((taken.tree.parent / "release.json").read_text())
    assert set(record) == {"version", "release", "identity", "taken_at", "source"}

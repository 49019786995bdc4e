"""What may be released, and as what: real repositories, tags and changelogs."""

import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.scripts.repository import Repository
from tests.scripts.step import PROJECT, Ended, step

CHANGELOG = """# Changelog

All that a user would notice.

## Unreleased
{unreleased}
## 0.2.0 - 2026-01-31

### Added

- A second thing.

## 0.1.0 - 2026-01-01

- A first thing.
"""
NOTES = "### Added\n\n- A second thing.\n"


def tree(version: str = "0.2.0", unreleased: str = "\n") -> dict[str, str]:
    return {
        "harness/__init__.py": f'import sys\n\n__version__ = "{version}"\n',
        "CHANGELOG.md": CHANGELOG.format(unreleased=unreleased),
    }


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    """0.1.0 is released, and 0.2.0 prepared, on the main branch that GitHub has."""
    made = Repository(tmp_path / "repository", tree())
    made.git("tag", "v0.1.0")
    made.git("tag", "vendored")
    made.git("update-ref", "refs/remotes/origin/main", made.first)
    return made


def check(repository: Repository, ref: str = "refs/heads/main", requested: str = "minor") -> Ended:
    return step(repository.path, "check-release", "notes.md", REF=ref, REQUESTED=requested)


@pytest.mark.parametrize("requested", ["minor", "0.2.0"])
def test_a_prepared_release_is_named_with_its_notes(repository: Repository, requested: str) -> None:
    ended = check(repository, requested=requested)
    assert (ended.code, ended.err) == (0, "")
    assert ended.outputs == {"version": "0.2.0", "tag": "v0.2.0", "commit": repository.first}
    assert (repository.path / "notes.md").read_text() == NOTES


def test_the_first_release_is_0_1_0(tmp_path: Path) -> None:
    first = Repository(tmp_path / "one", tree("0.1.0"))
    assert check(first).outputs["version"] == "0.1.0"


def test_versions_are_ordered_as_numbers(repository: Repository) -> None:
    repository.git("tag", "v0.9.0")
    repository.git("tag", "v0.10.0")
    ended = check(repository)
    assert (ended.code, ended.outputs) == (2, {})
    assert "says 0.2.0, not 0.11.0" in ended.err


@pytest.mark.parametrize(
    ("requested", "said"),
    [
        ("major", "harness/__init__.py says 0.2.0, not 1.0.0"),
        ("patch", "harness/__init__.py says 0.2.0, not 0.1.1"),
        ("0.3.0", "harness/__init__.py says 0.2.0, not 0.3.0"),
        ("0.1.0", "0.1.0 does not come after 0.1.0, the last release"),
        ("0.0.9", "0.0.9 does not come after 0.1.0"),
        ("v0.2.0", "a version is MAJOR.MINOR.PATCH, such as 0.2.0, not 'v0.2.0'"),
        ("0.2", "a version is MAJOR.MINOR.PATCH"),
        ("0.02.0", "a version is MAJOR.MINOR.PATCH"),
        ("0.2.0\n", "a version is MAJOR.MINOR.PATCH"),
        ("0.1\u0660.0", "a version is MAJOR.MINOR.PATCH"),
        ("", "the environment variable REQUESTED is missing"),
    ],
)
def test_another_version_than_the_commit_says_is_refused(
    repository: Repository, requested: str, said: str
) -> None:
    ended = check(repository, requested=requested)
    assert (ended.code, ended.outputs) == (2, {})
    assert said in ended.err
    assert not (repository.path / "notes.md").exists()


def test_what_was_released_is_not_released_again(repository: Repository) -> None:
    repository.git("tag", "v0.2.0")
    ended = check(repository, requested="0.2.0")
    assert ended.code == 2
    assert "0.2.0 does not come after 0.2.0" in ended.err


@pytest.mark.parametrize("ref", ["refs/heads/release/1", "refs/heads/mains", "refs/pull/1/merge"])
def test_only_main_is_released_by_hand(repository: Repository, ref: str) -> None:
    ended = check(repository, ref)
    assert ended.code == 2
    assert f"releases are made on main, not on {ref}" in ended.err


@pytest.mark.parametrize(
    ("files", "said"),
    [
        (tree(unreleased="\n- Forgotten.\n\n"), "has something below '## Unreleased'"),
        ({"CHANGELOG.md": "# Changelog\n"}, "has no section '## 0.2.0 - YYYY-MM-DD'"),
        ({"CHANGELOG.md": "## 0.2.0\n\n- A thing.\n"}, "has no section '## 0.2.0 - YYYY-MM-DD'"),
        ({"CHANGELOG.md": "## 0.2.0 - 2026-01-31\n\n## 0.1.0\n- x\n"}, "says nothing of 0.2.0"),
        ({"harness/__init__.py": "version = 1\n"}, "has no line __version__"),
    ],
)
def test_a_commit_that_is_not_prepared_is_refused(
    repository: Repository, files: dict[str, str], said: str
) -> None:
    repository.commits([files])
    ended = check(repository)
    assert (ended.code, ended.outputs) == (2, {})
    assert said in ended.err


def test_a_tag_that_a_person_pushed_is_released_as_it_says(repository: Repository) -> None:
    repository.git("tag", "v0.2.0")
    ended = check(repository, "refs/tags/v0.2.0", requested="")
    assert ended.outputs == {"version": "0.2.0", "tag": "v0.2.0", "commit": repository.first}


@pytest.mark.parametrize(
    ("tag", "said"),
    [
        ("v0.3.0", "says 0.2.0, not 0.3.0"),
        ("v0.0.1", "0.0.1 does not come after 0.1.0"),
        ("v0.2.0-rc1", "a version is MAJOR.MINOR.PATCH"),
    ],
)
def test_a_tag_that_says_something_else_is_refused(
    repository: Repository, tag: str, said: str
) -> None:
    repository.git("tag", tag)
    ended = check(repository, f"refs/tags/{tag}")
    assert ended.code == 2
    assert said in ended.err


def test_a_tag_on_a_commit_that_main_does_not_have_is_refused(repository: Repository) -> None:
    repository.commits([{"services/auth/backdoor.py": ""}])
    repository.git("tag", "v0.2.0")
    ended = check(repository, "refs/tags/v0.2.0")
    assert ended.code == 2
    assert "v0.2.0 is on a commit that main does not have" in ended.err


def test_what_is_prepared_passes_the_check(repository: Repository) -> None:
    repository.commits([tree("0.1.0", unreleased="\n### Fixed\n\n- A third thing.\n\n")])
    ended = step(repository.path, "prepare-release", "0.3.0")
    assert (ended.code, ended.err) == (0, "")
    text = (repository.path / "CHANGELOG.md").read_text()
    today = f"{datetime.now(UTC):%Y-%m-%d}"
    assert f"## Unreleased\n\n## 0.3.0 - {today}\n\n### Fixed" in text
    assert '__version__ = "0.3.0"' in (repository.path / "harness/__init__.py").read_text()
    assert check(repository, requested="0.3.0").code == 0
    assert (repository.path / "notes.md").read_text() == "### Fixed\n\n- A third thing.\n"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["minor"], "has nothing below '## Unreleased'"),
        (["0.1.0"], "does not come after 0.1.0"),
        (["next"], "a version is MAJOR.MINOR.PATCH"),
        ([], "usage: prepare-release"),
    ],
)
def test_what_cannot_be_prepared_changes_nothing(
    repository: Repository, words: list[str], said: str
) -> None:
    ended = step(repository.path, "prepare-release", *words)
    assert ended.code == 2
    assert said in ended.err
    assert repository.git("status", "--porcelain", "--untracked-files=no") == ""


def test_this_project_has_what_these_scripts_read() -> None:
    assert re.search(
        r'^__version__ = "\d+\.\d+\.\d+"$', (PROJECT / "harness/__init__.py").read_text(), re.M
    )
    assert "\n## Unreleased\n" in (PROJECT / "CHANGELOG.md").read_text()

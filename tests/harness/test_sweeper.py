"""Sweepers are found where suites keep their resources, and two of a kind are a mistake."""

import textwrap
from pathlib import Path

import pytest

from harness.errors import UsageError
from harness.sweeper import sweeper, sweepers_of

KNOWN = """
    from harness.sweeper import database_sweeper, sweeper

    @sweeper("boat")
    async def boat(environment, targets, name):
        return True

    @database_sweeper
    async def stored(database, old):
        return []
"""


@pytest.fixture
def suites(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.syspath_prepend(tmp_path)
    return tmp_path


def write(folder: Path, package: str, resources: str | None) -> None:
    (folder / package).mkdir()
    (folder / package / "__init__.py").touch()
    if resources is not None:
        (folder / package / "resources.py").write_text(textwrap.dedent(resources))


def test_those_of_all_suites_are_found_once(suites: Path) -> None:
    write(suites, "sweeps_boats", KNOWN)
    write(suites, "sweeps_them_too", "from sweeps_boats.resources import boat, stored")
    write(suites, "sweeps_nothing", None)
    found = sweepers_of(["sweeps_boats", "sweeps_them_too", "sweeps_nothing"])
    assert (list(found.of_kind), len(found.of_database)) == (["boat"], 1)


def test_two_of_a_kind_are_a_mistake(suites: Path) -> None:
    write(suites, "sweeps_first", KNOWN)
    write(suites, "sweeps_second", KNOWN)
    with pytest.raises(UsageError, match="a second sweeper is there for 'boat'"):
        sweepers_of(["sweeps_first", "sweeps_second"])


def test_a_suite_that_is_not_there_is_named() -> None:
    with pytest.raises(UsageError, match="sweeps_never cannot be imported"):
        sweepers_of(["sweeps_never"])


def test_a_sweeper_is_async() -> None:
    with pytest.raises(TypeError, match="sweeper plain: write `async def`"):

        @sweeper("boat")  # type: ignore[type-var]  # that is what is wrong
        def plain() -> bool:
            return True

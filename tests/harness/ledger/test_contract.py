"""What every ledger has to keep; a new file is tested by being there."""

import inspect
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.errors import LedgerError, UsageError
from harness.ledger import Entry, Event, Ledger
from harness.registry import LEDGERS
from tests.harness.ledger.noted import entries, noted, seeded
from tests.harness.ledger.stand_in import REPOSITORY, TOKEN, standing_in

Opener = Callable[[Path], Iterator[Ledger]]


def _file(folder: Path) -> Iterator[Ledger]:
    yield LEDGERS.load("file").open_ledger({"path": str(folder)}, "some")


def _github(folder: Path) -> Iterator[Ledger]:
    with standing_in() as github:
        settings = {"repository": REPOSITORY, "token": TOKEN, "ref": "main", "api_url": github.url}
        opened = LEDGERS.load("github").open_ledger(settings, "some")
        yield replace(opened, wait=github.wait)


# How each is opened on a place of its own; a new ledger gets its line here.
OPENERS: dict[str, Opener] = {"file": _file, "github": _github}
every_ledger = pytest.mark.parametrize("name", LEDGERS.names())


@pytest.fixture
def ledger(name: str, tmp_path: Path) -> Iterator[Ledger]:
    with contextmanager(OPENERS[name])(tmp_path) as opened:
        yield opened


@every_ledger
def test_it_says_what_it_is(name: str, ledger: Ledger) -> None:
    assert inspect.getdoc(LEDGERS.load(name))
    assert str(ledger) != object.__repr__(ledger)


@every_ledger
def test_it_is_empty_before_the_first_entry(ledger: Ledger) -> None:
    assert ledger.entries() == []


@every_ledger
@settings(seeded, max_examples=8)
@given(st.lists(entries(), max_size=4))
def test_it_holds_what_it_was_given_in_that_order(
    name: str, tmp_path: Path, given_ones: list[Entry]
) -> None:
    with (
        TemporaryDirectory(dir=tmp_path) as folder,
        contextmanager(OPENERS[name])(Path(folder)) as ledger,
    ):
        for entry in given_ones:
            ledger.append(entry)
        assert ledger.entries() == given_ones


@every_ledger
def test_the_same_entry_twice_is_two(ledger: Ledger) -> None:
    for _ in range(2):
        ledger.append(noted(Event.NO_GO))
    assert ledger.entries() == [noted(Event.NO_GO)] * 2


@every_ledger
def test_it_takes_nothing_that_it_could_not_give_back(ledger: Ledger) -> None:
    for bad in (noted(environment="other"), noted(release=""), noted(at="now"), noted(version=2)):
        with pytest.raises(LedgerError):
            ledger.append(bad)
    assert ledger.entries() == []


@every_ledger
def test_a_setting_that_it_does_not_know_is_named(name: str) -> None:
    with pytest.raises(UsageError, match=r"ledger\.settings.*nonsense"):
        LEDGERS.load(name).open_ledger({"nonsense": "x"}, "some")

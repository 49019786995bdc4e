"""How many processes the journeys take: as many as there are cores, and workers take none."""

import os
from types import SimpleNamespace
from typing import Any

import pytest

from suites.journeys import conftest
from tests.suites.test_journeys import JOURNEYS


def config(*words: str, **more: Any) -> Any:
    options = {
        "collectonly": False,
        "usepdb": False,
        "keyword": "",
        "markexpr": "",
        "numprocesses": None,
        "dist": "no",
        "maxworkerrestart": None,
        "env": "local",
        **more,
    }
    option = SimpleNamespace(**options)
    return SimpleNamespace(
        args=list(words or [str(JOURNEYS)]),
        option=option,
        getoption=lambda name: getattr(option, name),
        addinivalue_line=lambda *_: None,
    )


def chosen(of: Any) -> object:
    conftest.pytest_cmdline_main(of)
    return of.option.numprocesses


@pytest.fixture(autouse=True)
def _three_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "cpu_count", lambda: 3)


def test_all_of_it_takes_the_cores_and_keeps_groups_together() -> None:
    whole = config()
    assert (chosen(whole), whole.option.dist) == (3, "loadgroup")


def test_a_worker_starts_no_workers() -> None:
    """Each of which would start as many again."""
    worker = config()
    worker.workerinput = {}
    assert chosen(worker) is None


@pytest.mark.parametrize(
    "more", [{"keyword": "pages"}, {"collectonly": True}, {"usepdb": True}, {"markexpr": "slow"}]
)
def test_a_part_stays_in_one_process(more: dict[str, object]) -> None:
    assert chosen(config(**more)) is None


def test_what_the_user_says_is_done() -> None:
    assert chosen(config(numprocesses=0)) == 0
    assert chosen(config(str(JOURNEYS / "test_pages.py"))) is None


def test_no_more_than_a_rate_keeps_busy() -> None:
    assert chosen(config(env="staging")) == 2

"""A pytest plugin: while a test runs, the defect is planted that it is to find.

It writes the defect's name into the file `planted`, which the doors read (`switched`).
"""

from collections.abc import Generator
from pathlib import Path

import pytest

from tests.suites.journeys_defects import DEFECTS

PLANTED = Path("planted")


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    _, _, name = item.nodeid.rpartition("journeys/")
    PLANTED.write_text(next(key for key, planted in DEFECTS.items() if planted.test == name))


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_teardown() -> Generator[None]:
    PLANTED.unlink()
    return (yield)

"""Who is there, and what becomes of a test.

The users of a session sign up when the first test needs them; logins are few, since where KeyArc is
deployed an address may log in five times a minute. What a test makes, it makes for itself.
"""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from suites.journeys.crew import Crew
from suites.journeys.record import pytest_pyfunc_call, pytest_runtest_protocol
from suites.keyarc.cryptography import Cost
from suites.keyarc.fixtures import (
    PATIENCE_S,
    limit,
    pytest_configure,
    pytest_sessionfinish,
    pytest_sessionstart,
    visit,
)
from suites.keyarc.person import Person, present
from suites.keyarc.visit import Visit

__all__ = [
    "pytest_configure",
    "pytest_pyfunc_call",
    "pytest_runtest_protocol",
    "pytest_sessionfinish",
    "pytest_sessionstart",
    "visit",
]


MOST_WORKERS = 4


@pytest.hookimpl(tryfirst=True)
def pytest_cmdline_main(config: pytest.Config) -> None:
    """All of it is quicker in as many processes as there are cores; `-n 0` has it in this one."""
    option = config.option
    is_worker = hasattr(config, "workerinput")
    is_whole = [Path(word).resolve() for word in config.args] == [Path(__file__).parent]
    wants_one = option.collectonly or option.usepdb or option.keyword or option.markexpr
    if is_whole and not is_worker and not wants_one and getattr(option, "numprocesses", 0) is None:
        option.numprocesses = min(os.cpu_count() or 1, MOST_WORKERS)


def pytest_report_header() -> str | None:
    cost = Cost.of_environment(os.environ)
    return f"master keys at a lowered cost: {cost}" if cost.lowered else None


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    # The first tests wait until all users could log in; else none takes more than seconds.
    limit(config, items, PATIENCE_S)


@pytest.fixture(scope="session")
def owner(visit: Visit) -> Iterator[Person]:
    with present(visit) as person:
        yield person


@pytest.fixture(scope="session")
def admin(visit: Visit) -> Iterator[Person]:
    with present(visit) as person:
        yield person


@pytest.fixture(scope="session")
def member(visit: Visit) -> Iterator[Person]:
    with present(visit) as person:
        yield person


@pytest.fixture(scope="session")
def other(visit: Visit) -> Iterator[Person]:
    """Somebody who is in no team of the others."""
    with present(visit) as person:
        yield person


@pytest.fixture(scope="session")
def newcomer(visit: Visit) -> Iterator[Person]:
    """Somebody who comes to teams and leaves them."""
    with present(visit) as person:
        yield person


@pytest.fixture
def crew(owner: Person) -> Iterator[Crew]:
    """A team of the owner, with nobody else in it; deleted at the end."""
    crew = Crew.founded(owner)
    yield crew
    crew.disband()

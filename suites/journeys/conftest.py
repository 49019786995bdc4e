"""Who is there, and what becomes of a test.

The users of a session sign up when the first test needs them; logins are few, since where KeyArc is
deployed an address may log in five times a minute. What a test makes, it makes for itself.
"""

import itertools
import os
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from harness.environment import find, parse
from harness.errors import UsageError
from suites.journeys.apart import Apart, as_it_is, with_doors
from suites.journeys.asking import Guest, Heard, question
from suites.journeys.coverage import pytest_keyarc_claims, pytest_terminal_summary
from suites.journeys.crew import Crew
from suites.journeys.door import HEADER, TOO_LATE
from suites.journeys.record import (
    pytest_pyfunc_call,
    pytest_runtest_makereport,
    pytest_runtest_protocol,
    pytest_runtest_teardown,
)
from suites.keyarc.contract import answers
from suites.keyarc.cryptography import Cost
from suites.keyarc.database import Database, looking
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
    "pytest_keyarc_claims",
    "pytest_pyfunc_call",
    "pytest_runtest_makereport",
    "pytest_runtest_protocol",
    "pytest_runtest_teardown",
    "pytest_sessionfinish",
    "pytest_sessionstart",
    "pytest_terminal_summary",
    "visit",
]


MOST_WORKERS = 4
# Requests a second that one process comes to where an answer takes as long as it does from afar.
RATE_OF_ONE = 20
BEGUN_WITHIN_S = 4.0


@pytest.hookimpl(tryfirst=True)
def pytest_cmdline_main(config: pytest.Config) -> None:
    """All of it is quicker in as many processes as there are cores; `-n 0` has it in this one."""
    option = config.option
    is_worker = hasattr(config, "workerinput")
    is_whole = [Path(word).resolve() for word in config.args] == [Path(__file__).parent]
    wants_one = option.collectonly or option.usepdb or option.keyword or option.markexpr
    if is_whole and not is_worker and not wants_one and getattr(option, "numprocesses", 0) is None:
        option.numprocesses = min(os.cpu_count() or 1, MOST_WORKERS, _kept_busy(config))
    config.addinivalue_line("markers", "xdist_group(name): by one worker, which then starts less.")
    if getattr(option, "numprocesses", None) and option.dist == "no":
        option.dist = "loadgroup"
        # xdist 3.8 waits for ever once it has replaced a worker of groups that was killed.
        option.maxworkerrestart = option.maxworkerrestart or "0"


def _kept_busy(config: pytest.Config) -> int:
    """How many processes an environment's rate is enough for; more would only wait."""
    with suppress(UsageError):  # Said where the environment is looked at.
        rate = parse(find(str(config.getoption("env")))).policy.max_rate
        return MOST_WORKERS if rate is None else max(1, int(rate / RATE_OF_ONE))
    return 1


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
    with present(visit, quick=True) as person:
        yield person


@pytest.fixture(scope="session")
def newcomer(visit: Visit) -> Iterator[Person]:
    """Somebody who comes to teams and leaves them."""
    with present(visit, quick=True) as person:
        yield person


@pytest.fixture
def crew(owner: Person) -> Iterator[Crew]:
    """A team of the owner, with nobody else in it; deleted at the end."""
    crew = Crew.founded(owner)
    yield crew
    crew.disband()


@pytest.fixture(scope="session")
def database(visit: Visit) -> Iterator[Database]:
    """What is stored, to be looked at by tests that need it."""
    insight = visit.environment.insight
    assert insight.database is not None, "a test that needs it says so"
    with looking(insight.database.get_secret_value(), visit.loop) as database:
        yield database


@pytest.fixture(scope="session")
def apart(pytestconfig: pytest.Config) -> Iterator[Apart]:
    """A stack of the suite's own, whose gateway comes through doors to what is behind."""
    with with_doors(pytestconfig) as stack:
        yield stack


@pytest.fixture
def mortal(pytestconfig: pytest.Config) -> Iterator[Apart]:
    """A stack of one test's own, whose processes may be killed."""
    with as_it_is(pytestconfig) as stack:
        yield stack


@pytest.fixture(scope="session")
def guest(apart: Apart) -> Guest:
    """Somebody in that stack."""
    return apart.guest()


@pytest.fixture(scope="session")
def given_up(apart: Apart, guest: Guest) -> Callable[[], list[Heard]]:
    """What the gateway gives up. Begun early: it takes 5 s, in which others can be asked."""
    slow = [each for each in answers() if each.service == "gateway" and each.status == 504]
    ways, doors = itertools.cycle(TOO_LATE), apart.doors.values()
    before = sum(door.told for door in doors)
    begun = apart.begin(question(each, guest, **{HEADER: next(ways)}) for each in slow)
    # The next test may shut a door: by then all of it has to have come through.
    until_s = time.monotonic() + BEGUN_WITHIN_S
    while sum(door.told for door in doors) < before + len(slow) and time.monotonic() < until_s:
        time.sleep(0.01)
    return begun

"""What a run is asked to do, who asks, and what is told at the end."""

from collections.abc import Iterator

import pytest

from harness.environment import find, parse
from harness.errors import UsageError
from harness.model import Verdict
from suites.fuzz.callers import Callers, calling
from suites.fuzz.commission import given
from suites.fuzz.documents import LEDGER
from suites.fuzz.policy import must_be_allowed
from suites.fuzz.rounds import TIMED, Rounds
from suites.keyarc import fixtures
from suites.keyarc.fixtures import visit
from suites.keyarc.visit import Visit

__all__ = ["visit"]

PLUGIN = "schemathesis.pytest.plugin"


def pytest_configure(config: pytest.Config) -> None:
    fixtures.pytest_configure(config)
    config.addinivalue_line("markers", f"{TIMED}(weight): runs for its share of FUZZ_TIME.")
    try:
        must_be_allowed(parse(find(config.getoption("env"))))
        commission = given()
    except UsageError as error:
        raise pytest.UsageError(str(error)) from None
    if config.getoption("rehearse"):
        raise pytest.UsageError("generated requests are not sent to a rehearsal; take `--env ci`")
    if getattr(config.option, "dist", "no") != "no":
        raise pytest.UsageError("processes share no account of what was found: use FUZZ_SHARD")
    # Where plug-ins are not found by themselves.
    if not config.pluginmanager.hasplugin("schemathesis"):
        config.pluginmanager.import_plugin(PLUGIN)
    config.pluginmanager.register(Rounds(commission, LEDGER), "keyarc-fuzz")


def pytest_report_header() -> str:
    return f"fuzz: {given()}"


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    # Each request has a limit of its own, and FUZZ_TIME may be hours.
    fixtures.limit(config, items, 0)


@pytest.fixture(scope="session")
def callers(visit: Visit) -> Iterator[Callers]:
    with calling(visit) as callers:
        yield callers


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    fixtures.pytest_sessionfinish(session)
    if session.config.option.collectonly:
        return
    output = given().output
    if output is not None:
        LEDGER.write(output, {"asked": str(given()), "seed": given().seed})
    if session.testscollected and not LEDGER.cases:
        session.exitstatus = Verdict.HOLD.exit_code


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if LEDGER.cases:
        terminalreporter.write_line(LEDGER.summary())

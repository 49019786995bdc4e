"""What a journey asked for is kept while it runs, and shown where it fails.

A 5xx or a silence is confirmed before it counts (`harness.target`). Where the request may not be
repeated, the whole test is run once more: a failure that does not come again is no pass either.
"""

from collections.abc import Generator, Iterator
from pathlib import Path
from types import TracebackType

import pytest
from _pytest._code import Traceback

from harness.curl import curl_line
from harness.ending import leaves, may_pass_again
from harness.errors import HarnessError, NoData, ServerFailure, Unreachable
from harness.model import Attempt, Exchange, Finding, Outcome, Result
from harness.recording import CURL
from harness.redaction import Redactor
from harness.trail import Trail, current
from suites.journeys.observations import observing
from suites.keyarc import deadline
from suites.keyarc.fixtures import VISIT
from suites.keyarc.visit import Visit

HERE = Path(__file__).parent


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    limit = deadline.of_journeys()
    with limit.kept(), Trail(extend=limit.extend).followed(), observing(item.config):
        return (yield)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown() -> Generator[None]:
    with deadline.of_removal().kept():
        return (yield)


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> bool:
    try:
        _run(pyfuncitem)
    except Exception as error:
        if not may_pass_again(error):
            raise
        _run_again(pyfuncitem, error)
    if current().repeated:
        raise NoData("; ".join(current().repeated))
    return True


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    visit, exchanges = item.config.stash.get(VISIT, None), current().exchanges
    failed = call.excinfo is not None and not call.excinfo.errisinstance(pytest.skip.Exception)
    if failed and visit is not None and exchanges:
        clean = _redacted(exchanges[-1], visit.secrets)
        line = curl_line(clean, visit.network)
        answered = f"{clean.status} {clean.response_body or ''}" if clean.status else clean.error
        item.add_report_section(call.when, "last request", f"{line}\n{answered}")
        item.user_properties.append((CURL, line))
    if visit is not None and call.excinfo is not None:
        _end_where_a_service_is_down(item, call.excinfo.value, visit)
    if call.excinfo is not None and not item.config.getoption("fulltrace"):
        call.excinfo.traceback = Traceback(_own(call.excinfo.tb))
    return (yield)


def _own(traceback: TracebackType) -> TracebackType:
    """Where it stands in a journey, or in what all suites share; not in who sends for them."""
    for folder in (HERE, HERE.parent):
        own: TracebackType | None = None
        # Linked anew: pytest goes from frame to frame by itself, whatever it is given as a list.
        for each in reversed(list(_frames(traceback))):
            if Path(each.tb_frame.f_code.co_filename).is_relative_to(folder):
                own = TracebackType(own, each.tb_frame, each.tb_lasti, each.tb_lineno)
        if own is not None:
            return own
    return traceback


def _frames(traceback: TracebackType | None) -> Iterator[TracebackType]:
    while traceback is not None:
        yield traceback
        traceback = traceback.tb_next


def _run(item: pytest.Function) -> None:
    names = item._fixtureinfo.argnames
    item.obj(**{name: item.funcargs[name] for name in names})


def _run_again(item: pytest.Function, first: Exception) -> None:
    try:
        _run(item)
    except Exception:  # noqa: BLE001  whatever it is, the first failure has come again
        raise first from None
    raise NoData(f"failed once, and not when it was run again: {first}") from None


def _end_where_a_service_is_down(item: pytest.Item, error: BaseException, visit: Visit) -> None:
    """No further test would have more to say. Where keyarc-verify follows, it sees to that."""
    broken = any(isinstance(leaf, ServerFailure | Unreachable) for leaf in leaves(error))
    if not broken or item.config.getoption("results") or item.session.shouldfail:
        return
    down = [told for name in visit.targets if (told := _down(name, visit))]
    if down:
        item.session.shouldfail = "; ".join(down)


def _down(name: str, visit: Visit) -> str | None:
    """What keeps a service from its work, as its own health tells; None where nothing does."""
    target = visit.targets[name]
    health = target.service.health
    if target.service.visibility != "public" or health.via is not None:
        return None
    try:
        visit.loop.run(target.get(health.path, expect=health.expect_status))
    except (HarnessError, AssertionError) as error:
        return f"{name} is down: {error}"
    return None


def _redacted(exchange: Exchange, secrets: Redactor) -> Exchange:
    finding = Finding(outcome=Outcome.FAIL)
    attempt = Attempt(finding=finding, duration_ms=0.0, exchanges=(exchange,))
    result = Result(id="", outcome=Outcome.FAIL, attempts=(attempt,))
    return secrets.result(result).attempts[0].exchanges[0]

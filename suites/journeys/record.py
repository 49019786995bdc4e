"""What a test asked for is kept while it runs, and shown where it fails.

A 5xx or a silence is confirmed before it counts (`harness.target`). Where the request may not be
repeated, the whole test is run once more: a failure that does not come again is no pass either.
"""

from collections.abc import Generator

import pytest

from harness.curl import curl_line
from harness.ending import may_pass_again
from harness.errors import NoData
from harness.model import Attempt, Exchange, Finding, Outcome, Result
from harness.redaction import Redactor
from harness.trail import Trail, current
from suites.keyarc.visit import Visit


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol() -> Generator[None, object, object]:
    with Trail().followed():
        return (yield)


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> bool:
    try:
        _run(pyfuncitem)
    except Exception as error:
        _show_last_exchange(pyfuncitem)
        if not may_pass_again(error):
            raise
        _run_again(pyfuncitem, error)
    if current().repeated:
        raise NoData("; ".join(current().repeated))
    return True


def _run(item: pytest.Function) -> None:
    names = item._fixtureinfo.argnames
    item.obj(**{name: item.funcargs[name] for name in names})


def _run_again(item: pytest.Function, first: Exception) -> None:
    try:
        _run(item)
    except Exception:  # noqa: BLE001  whatever it is, the first failure has come again
        raise first from None
    raise NoData(f"failed once, and not when it was run again: {first}") from None


def _show_last_exchange(item: pytest.Function) -> None:
    visit, exchanges = item.funcargs.get("visit"), current().exchanges
    if isinstance(visit, Visit) and exchanges:
        item.add_report_section("call", "last request", _shown(exchanges[-1], visit))


def _shown(exchange: Exchange, visit: Visit) -> str:
    """A line that repeats a request, and what was answered."""
    clean = _redacted(exchange, visit.secrets)
    answered = f"{clean.status} {clean.response_body or ''}" if clean.status else clean.error
    return f"{curl_line(clean, visit.network)}\n{answered}"


def _redacted(exchange: Exchange, secrets: Redactor) -> Exchange:
    finding = Finding(outcome=Outcome.FAIL)
    attempt = Attempt(finding=finding, duration_ms=0.0, exchanges=(exchange,))
    result = Result(id="", outcome=Outcome.FAIL, attempts=(attempt,))
    return secrets.result(result).attempts[0].exchanges[0]

"""When a test of this suite is over, and what makes it fail.

A test that is marked `timed` is run again and again, each time with the next seed, until its part
of the time is over. Whatever is found on the way is noted, and ends nothing before its time.
"""

import time
from contextlib import suppress

import pytest

from harness.errors import UsageError
from suites.fuzz.callers import Callers, Found
from suites.fuzz.commission import Commission
from suites.fuzz.ledger import Ledger

TIMED = "timed"


class Rounds:
    """The hooks that see to it."""

    def __init__(self, commission: Commission, ledger: Ledger) -> None:
        self._commission = commission
        self._ledger = ledger
        self._weights = 0.0

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        items[:] = [item for item in items if _service(item) in self._commission.services]
        try:
            part = self._commission.part({_subject(item) for item in items}) if items else set()
        except UsageError as error:
            raise pytest.UsageError(str(error)) from None
        items[:] = [item for item in items if _subject(item) in part]

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        self._weights = sum(map(_weight, session.items))
        for item in session.items:
            label = getattr(item, "operation_label", None)
            if label is not None:
                self._ledger.expects(f"{_service(item)} {label}")

    @pytest.hookimpl(tryfirst=True)
    def pytest_pyfunc_call(self, pyfuncitem: pytest.Function) -> bool:
        callers, weight = pyfuncitem.funcargs["callers"], _weight(pyfuncitem)
        assert isinstance(callers, Callers), "every test of this suite asks for them"
        self._ledger.begin()
        callers.seed = self._commission.seed
        ends_at = time.monotonic() + self._commission.time_s * weight / (self._weights or 1)
        while True:
            callers.known = frozenset(self._ledger.findings)
            with suppress(Found):
                _run(pyfuncitem, callers.seed)
            if not weight or time.monotonic() >= ends_at:
                break
            callers.seed += 1
        assert not self._ledger.current, self._ledger.told()
        return True


def _run(item: pytest.Function, seed: int) -> None:
    """One round. Raises Found: Hypothesis has made a case for something new as small as it can."""
    test, names = item.obj, item._fixtureinfo.argnames
    if hasattr(test, "hypothesis"):
        # `hypothesis.seed` would take the corpus away; and all operations would share one.
        test._hypothesis_internal_use_seed = seed
        test.hypothesis.inner_test._hypothesis_internal_add_digest = _subject(item).encode()
    test(**{name: item.funcargs[name] for name in names})


def _subject(item: pytest.Item) -> str:
    """What a test is about: `gateway][GET /keys/secrets]`."""
    return item.name.partition("[")[2]


def _service(item: pytest.Item) -> str:
    return _subject(item).partition("]")[0]


def _weight(item: pytest.Item) -> float:
    """Its share of the time, beside the others'."""
    mark = item.get_closest_marker(TIMED)
    return float(mark.kwargs["weight"]) if mark else 0.0

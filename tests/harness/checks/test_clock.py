"""A server's wrong clock is told from this machine's, as far as one can tell."""

import asyncio
from collections.abc import Mapping
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest

from harness.check import Check, check
from harness.checks.clock import clocks_agree, derive
from harness.errors import ContractViolation, HarnessError, NoData
from harness.exchange import Traffic
from harness.model import Outcome, RunRecord
from harness.skew import skew_s
from harness.target import Target
from tests.harness.server import Answer, Server, serving
from tests.harness.verifying import environment, outcomes, verified

NOON_S = datetime(2026, 7, 1, 12, tzinfo=UTC).timestamp()


def judged(**skews_s: float) -> None:
    asyncio.run(clocks_agree(Traffic(skews_s=skews_s)))


@pytest.mark.parametrize("skew", [0.0, 59.9, -60.0])
def test_clocks_within_a_minute_agree(skew: float) -> None:
    judged(a=skew, b=0.0)


@pytest.mark.parametrize(
    ("skew", "came"), [(3600, "a is 60 min ahead"), (-90, "a is 2 min behind")]
)
def test_one_wrong_clock_among_several_is_the_servers(skew: float, came: str) -> None:
    with pytest.raises(ContractViolation, match="the clock of a is wrong") as caught:
        judged(a=skew, b=0.5)
    assert came == caught.value.came


@pytest.mark.parametrize("skews_s", [{"a": 3600}, {"a": -7200, "b": -3600}])
def test_where_all_differ_it_may_be_this_machine(skews_s: Mapping[str, float]) -> None:
    with pytest.raises(HarnessError, match="differ by 60 min; one of the two is wrong") as caught:
        judged(**skews_s)
    assert type(caught.value) is HarnessError


def test_without_any_date_nothing_is_known() -> None:
    with pytest.raises(NoData, match="no answer had a Date"):
        judged()


@pytest.mark.parametrize(
    ("date", "sent", "received", "expected"),
    [
        ("Wed, 01 Jul 2026 12:00:00 GMT", 0.2, 0.4, 0.0),
        ("Wed, 01 Jul 2026 12:00:00 GMT", -0.1, 0.1, 0.0),
        ("Wed, 01 Jul 2026 12:00:00 GMT", 0.999, 1.2, 0.0),
        # Read off at 11:59:59.0 to 12:00:00.9, asked for at a minute past.
        ("Wed, 01 Jul 2026 12:00:00 GMT", 60.0, 60.5, -59.0),
        ("Wed, 01 Jul 2026 12:01:00 GMT", 0.0, 5.0, 55.0),
        ("Wed, 01 Jul 2026 13:00:00 +0100", 0.0, 0.1, 0.0),
        ("yesterday", 0.0, 0.1, None),
        (None, 0.0, 0.1, None),
    ],
)
def test_the_skew_is_the_least_that_explains_the_date(
    date: str | None, sent: float, received: float, expected: float | None
) -> None:
    headers = {} if date is None else {"date": date}
    came = skew_s(headers, NOON_S + sent, NOON_S + received)
    assert (None if expected is None else pytest.approx(expected)) == came


def test_an_answer_from_a_cache_is_as_old_as_it_says() -> None:
    headers = {"date": "Wed, 01 Jul 2026 11:00:00 GMT", "age": "3600"}
    assert 0.0 == skew_s(headers, NOON_S, NOON_S + 0.1)
    assert -3599.0 == skew_s({**headers, "age": "old"}, NOON_S, NOON_S + 0.1)


def test_the_best_of_several_answers_counts() -> None:
    traffic = Traffic()
    for skew in (-90.0, None, 2.0, 80.0):
        traffic.saw("a", skew)
    traffic.saw("b", None)
    assert {"a": 2.0} == traffic.skews_s


def run(tmp_path: Path, *ahead_s: float | None) -> tuple[RunRecord, list[Server]]:
    """A run against servers whose clocks are ahead by so much; None for one without a Date."""

    def dated(ahead: float | None) -> Answer:
        if ahead is None:
            return Answer()
        date = datetime.now(UTC) + timedelta(seconds=ahead)
        return Answer(headers={"date": format_datetime(date, usegmt=True)})

    @check(service="s0")
    async def asks(targets: Mapping[str, Target]) -> None:
        """All answer."""
        for target in targets.values():
            await target.get("/", expect=200)

    async def inside() -> tuple[RunRecord, list[Server]]:
        async with AsyncExitStack() as stack:
            handlers = [lambda seen, ahead=ahead: dated(ahead) for ahead in ahead_s]
            servers = [await stack.enter_async_context(serving(one)) for one in handlers]
            where = environment({f"s{n}": s.url for n, s in enumerate(servers)})
            asking = Check(id="asks", service="s0", function=asks)
            return await verified(where, [*derive(where), asking], tmp_path / "run"), servers

    return asyncio.run(inside())


@pytest.mark.parametrize(
    ("ahead_s", "outcome"),
    [
        ((0.0,), Outcome.PASS),
        ((0.0, None), Outcome.PASS),
        ((0.0, 3600.0), Outcome.FAIL),
        ((3600.0,), Outcome.ERROR),
        ((3600.0, 3600.0), Outcome.ERROR),
        ((None,), Outcome.NO_DATA),
    ],
    ids=str,
)
def test_the_clocks_of_a_run_are_judged_at_its_end(
    tmp_path: Path, ahead_s: tuple[float | None, ...], outcome: Outcome
) -> None:
    record, _ = run(tmp_path, *ahead_s)
    assert {"asks": Outcome.PASS, "clock.agreement": outcome} == outcomes(record)


def test_the_server_with_the_wrong_clock_is_named(tmp_path: Path) -> None:
    record, servers = run(tmp_path, 0.0, -3600.0)
    [result] = [one for one in record.results if one.id == "clock.agreement"]
    assert f"the clock of {servers[1].url} is wrong" == result.message
    assert f"{servers[1].url} is 60 min behind" == result.came

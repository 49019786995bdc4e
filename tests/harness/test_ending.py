import asyncio

import pytest

from harness.check import expect
from harness.ending import finding_of, is_loopback, leaves, may_pass_again
from harness.errors import Blocked, ContractViolation, NoData, ServerFailure, Unreachable
from harness.model import Outcome

FAR = "https://keyarc.example:443"
NEAR = "http://127.0.0.1:80"
BROKEN = ServerFailure("GET /", expected="a status below 500", came="503")


def outcome(error: BaseException | None, answered: tuple[str, ...] = ()) -> Outcome:
    return finding_of(error, answered).outcome


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (None, Outcome.PASS),
        (AssertionError("no"), Outcome.FAIL),
        (ContractViolation("no"), Outcome.FAIL),
        (NoData("429"), Outcome.NO_DATA),
        (KeyError("x"), Outcome.ERROR),
        (SystemExit(0), Outcome.ERROR),
        (TimeoutError(), Outcome.ERROR),
        (asyncio.CancelledError(), Outcome.ERROR),
        (Blocked("user", failed=True), Outcome.SKIPPED),
        (Blocked("user", failed=False), Outcome.ERROR),
    ],
)
def test_what_an_exception_means(error: BaseException | None, expected: Outcome) -> None:
    assert expected is outcome(error)


def test_a_group_takes_its_worst_leaf() -> None:
    inner = BaseExceptionGroup("in", [NoData("429"), ContractViolation("no")])
    assert outcome(BaseExceptionGroup("out", [KeyError("x"), inner])) is Outcome.FAIL
    assert outcome(BaseExceptionGroup("out", [KeyError("x"), NoData("429")])) is Outcome.ERROR


def covered_up() -> None:
    try:
        raise ContractViolation("another user's secret can be read")
    finally:
        raise KeyError("cleanup")


def translated() -> None:
    try:
        expect("words", expected=1, came=2)
    except AssertionError as error:
        raise NoData("nothing there yet") from error


def test_a_broken_cleanup_does_not_mask_a_failure() -> None:
    with pytest.raises(KeyError) as caught:
        covered_up()
    assert outcome(caught.value) is Outcome.FAIL


def test_a_translated_exception_counts_as_what_it_was_translated_to() -> None:
    with pytest.raises(NoData) as caught:
        translated()
    assert outcome(caught.value) is Outcome.NO_DATA


@pytest.mark.parametrize(
    ("origin", "answered", "expected"),
    [
        (FAR, (), Outcome.ERROR),
        (FAR, (FAR,), Outcome.ERROR),
        (FAR, ("https://other.example:443",), Outcome.FAIL),
        (NEAR, (), Outcome.FAIL),
    ],
)
def test_whose_fault_silence_is(origin: str, answered: tuple[str, ...], expected: Outcome) -> None:
    assert expected is outcome(Unreachable("refused", origin=origin), answered)


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("127.8.0.1", True),
        ("[::1]", True),
        ("localhost", True),
        ("auth.localhost", True),
        ("localhost.example", False),
        ("10.0.0.1", False),
    ],
)
def test_loopback(host: str, expected: bool) -> None:
    assert expected is is_loopback(f"http://{host}:80")


def test_only_unconfirmed_silence_and_server_failures_are_tried_again() -> None:
    confirmed = ServerFailure("GET /", expected="", came="503", confirmed=True)
    assert may_pass_again(BROKEN)
    assert may_pass_again(Unreachable("refused", origin=FAR))
    assert not may_pass_again(confirmed)
    assert not may_pass_again(ContractViolation("status"))
    assert not may_pass_again(BaseExceptionGroup("both", [BROKEN, ContractViolation("data")]))
    assert not may_pass_again(None)


def test_an_assertion_without_words_shows_its_source() -> None:
    status = 500
    with pytest.raises(AssertionError) as caught:
        exec(compile("assert status == 201", __file__, "exec"), {"status": status})
    assert finding_of(caught.value, ()).message


def test_leaves_end_even_where_exceptions_point_at_each_other() -> None:
    first, second = KeyError("1"), KeyError("2")
    first.__context__, second.__context__ = second, first
    assert [first, second] == leaves(first)

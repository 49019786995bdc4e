from itertools import permutations, product

import pytest

from harness.model import Declared, Outcome, Reason, Result, Verdict
from harness.verdict import judge, worst_outcome, worst_verdict

A, B, C = (Declared(id=name) for name in "abc")


def result(id_: str, outcome: Outcome) -> Result:
    return Result(id=id_, outcome=outcome)


def verdict_of(declared: list[Declared], results: list[Result]) -> Verdict:
    return judge(declared, results)[0]


def test_empty_run_never_passes() -> None:
    assert verdict_of([], []) is Verdict.HOLD


def test_only_resources_or_advisory_checks_never_pass() -> None:
    declared = [
        Declared(id="resource.user", kind="resource"),
        Declared(id="known", required=False),
    ]
    results = [result(item.id, Outcome.PASS) for item in declared]
    assert verdict_of(declared, results) is Verdict.HOLD


@pytest.mark.parametrize("seen", list(product(Outcome, repeat=3)), ids="-".join)
def test_every_combination_of_three_outcomes(seen: tuple[Outcome, ...]) -> None:
    results = [result(item.id, outcome) for item, outcome in zip((A, B, C), seen, strict=True)]
    if Outcome.FAIL in seen:
        expected = Verdict.NO_GO
    elif set(seen) == {Outcome.PASS}:
        expected = Verdict.GO
    else:
        expected = Verdict.HOLD
    assert {expected} == {judge([A, B, C], list(order))[0] for order in permutations(results)}


@pytest.mark.parametrize("missing", ["a", "b", "c"])
def test_a_declared_check_without_a_result_holds(missing: str) -> None:
    results = [result(name, Outcome.PASS) for name in "abc" if name != missing]
    verdict, reasons = judge([A, B, C], results)
    assert (Verdict.HOLD, missing) == (verdict, reasons[0].check)


def test_a_missing_result_does_not_mask_a_failure() -> None:
    assert verdict_of([A, B], [result("a", Outcome.FAIL)]) is Verdict.NO_GO


def test_a_result_that_was_not_declared_holds() -> None:
    results = [result("a", Outcome.PASS), result("z", Outcome.PASS)]
    assert verdict_of([A], results) is Verdict.HOLD


def test_an_undeclared_failure_is_no_go() -> None:
    results = [result("a", Outcome.PASS), result("z", Outcome.FAIL)]
    assert verdict_of([A], results) is Verdict.NO_GO


@pytest.mark.parametrize(("first", "second"), list(product(Outcome, repeat=2)), ids=str)
def test_two_results_for_one_check_count_as_the_worse(first: Outcome, second: Outcome) -> None:
    both = verdict_of([A], [result("a", first), result("a", second)])
    assert both is verdict_of([A], [result("a", worst_outcome([first, second]))])


def test_an_advisory_failure_does_not_block() -> None:
    known = Declared(id="known", required=False)
    results = [result("a", Outcome.PASS), result("known", Outcome.FAIL)]
    assert verdict_of([A, known], results) is Verdict.GO


def test_a_failed_resource_is_no_go() -> None:
    user = Declared(id="resource.user", kind="resource")
    results = [result("resource.user", Outcome.FAIL), result("a", Outcome.SKIPPED)]
    assert verdict_of([A, user], results) is Verdict.NO_GO


def test_a_trouble_of_the_run_holds_what_would_be_go() -> None:
    interrupted = Reason(verdict=Verdict.HOLD, text="interrupted")
    verdict, reasons = judge([A], [result("a", Outcome.PASS)], [interrupted])
    assert (Verdict.HOLD, (interrupted,)) == (verdict, reasons)


def test_the_worst_reason_comes_first() -> None:
    results = [result("a", Outcome.ERROR), result("b", Outcome.FAIL)]
    _, reasons = judge([A, B], results)
    assert [reason.check for reason in reasons] == ["b", "a"]


@pytest.mark.parametrize("seen", list(product(Verdict, repeat=3)), ids="-".join)
def test_the_worst_verdict_wins_in_any_order(seen: tuple[Verdict, ...]) -> None:
    order = [Verdict.NO_GO, Verdict.HOLD, Verdict.GO]
    assert next(v for v in order if v in seen) is worst_verdict(seen)


def test_no_verdict_at_all_is_hold() -> None:
    assert Verdict.HOLD is worst_verdict([])
    assert Outcome.NO_DATA is worst_outcome([])


def test_exit_codes_never_use_one() -> None:
    assert [verdict.exit_code for verdict in Verdict] == [0, 20, 10]

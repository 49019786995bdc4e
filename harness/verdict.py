"""From outcomes to a verdict. Pure: values in, values out, and their order does not matter."""

from collections.abc import Iterable, Sequence

from harness.model import Declared, Outcome, Reason, Result, Verdict

_OUTCOMES = list(Outcome)
_VERDICTS = list(Verdict)


def worst_outcome(outcomes: Iterable[Outcome]) -> Outcome:
    """The worst one, in the order of `Outcome`; of none at all, `no_data`."""
    return max(outcomes, key=_OUTCOMES.index, default=Outcome.NO_DATA)


def worst_verdict(verdicts: Iterable[Verdict]) -> Verdict:
    """The worst one; of none at all, HOLD."""
    return max(verdicts, key=_VERDICTS.index, default=Verdict.HOLD)


def judge(
    declared: Sequence[Declared],
    results: Iterable[Result],
    troubles: Iterable[Reason] = (),
    *,
    missing: str = "did not finish",
) -> tuple[Verdict, tuple[Reason, ...]]:
    """May the release stay?

    Args:
        declared: All that was to run.
        results: How it ended; more than one for the same id count as the worst of them.
        troubles: What befell the run itself, such as an interruption.
        missing: What is said of something declared that has no result.

    Returns:
        The verdict, and each reason that keeps it from GO, the worst first.
    """
    outcomes = _merged(results)
    reasons = [*troubles, *_of_declared(declared, outcomes, missing)]
    unknown = sorted(set(outcomes) - {item.id for item in declared})
    for id_ in unknown:
        failed = outcomes[id_].outcome is Outcome.FAIL
        verdict = Verdict.NO_GO if failed else Verdict.HOLD
        reasons.append(Reason(verdict=verdict, text="ran, and was not declared", check=id_))
    reasons.sort(key=lambda reason: (-_VERDICTS.index(reason.verdict), reason.check or ""))
    return worst_verdict([Verdict.GO, *(reason.verdict for reason in reasons)]), tuple(reasons)


def worst_of_each(results: Iterable[Result]) -> tuple[Result, ...]:
    """One result for each id: the worst, where there are several."""
    return tuple(_merged(results).values())


def _merged(results: Iterable[Result]) -> dict[str, Result]:
    worst: dict[str, Result] = {}
    for result in results:
        known = worst.get(result.id)
        if known is None or worst_outcome((known.outcome, result.outcome)) is not known.outcome:
            worst[result.id] = result
    return worst


def _of_declared(
    declared: Sequence[Declared], outcomes: dict[str, Result], missing: str
) -> Iterable[Reason]:
    if not any(item.kind == "check" and item.required for item in declared):
        yield Reason(verdict=Verdict.HOLD, text="no check was required: nothing has been verified")
    for item in declared:
        result = outcomes.get(item.id)
        if result is None:
            yield Reason(verdict=Verdict.HOLD, text=missing, check=item.id)
        elif item.required and result.outcome is Outcome.FAIL:
            yield Reason(verdict=Verdict.NO_GO, text=result.message or "failed", check=item.id)
        elif item.required and result.outcome is not Outcome.PASS:
            text = f"{result.outcome}: {result.message}" if result.message else str(result.outcome)
            yield Reason(verdict=Verdict.HOLD, text=text, check=item.id)

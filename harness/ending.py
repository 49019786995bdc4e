"""What an exception means: the system is wrong, or the harness could not tell."""

import asyncio
import traceback
from collections.abc import Collection, Iterator
from ipaddress import ip_address
from urllib.parse import urlsplit

from harness.errors import (
    Blocked,
    ContractViolation,
    HarnessError,
    NoData,
    ServerFailure,
    Unreachable,
)
from harness.model import Finding, Outcome
from harness.verdict import worst_outcome


def finding_of(error: BaseException | None, answered: Collection[str]) -> Finding:
    """How something that ended with this exception is judged: its worst leaf counts.

    Args:
        error: None where it ended well.
        answered: Origins that have answered in this run. Where one other than the silent one
            has, or that is on this machine, the silence is the system's.
    """
    if error is None:
        return Finding(outcome=Outcome.PASS)
    findings = [_of_leaf(leaf, answered) for leaf in leaves(error)]
    worst = worst_outcome(finding.outcome for finding in findings)
    return next(finding for finding in findings if finding.outcome is worst)


def leaves(error: BaseException) -> list[BaseException]:
    """The exceptions inside groups, and those that an exception covered up when it was raised.

    A cleanup that breaks must not hide why the check had failed, so implicit contexts count;
    `raise … from …` is a translation, and its context does not.
    """
    found = list(_leaves(error, set()))
    wrong = [leaf for leaf in found if not isinstance(leaf, asyncio.CancelledError)]
    return wrong or found


def may_pass_again(error: BaseException | None) -> bool:
    """Only silence and 5xx answers that have not been confirmed yet are tried again."""
    return error is not None and all(
        isinstance(leaf, ServerFailure | Unreachable) and not leaf.confirmed
        for leaf in leaves(error)
    )


def _leaves(error: BaseException, seen: set[int]) -> Iterator[BaseException]:
    if id(error) in seen:
        return
    seen.add(id(error))
    if isinstance(error, BaseExceptionGroup):
        for part in error.exceptions:
            yield from _leaves(part, seen)
    else:
        yield error
    if error.__context__ is not None and not error.__suppress_context__:
        yield from _leaves(error.__context__, seen)


def _of_leaf(leaf: BaseException, answered: Collection[str]) -> Finding:
    if isinstance(leaf, ContractViolation):
        return Finding(
            outcome=Outcome.FAIL, message=leaf.message, expected=leaf.expected, came=leaf.came
        )
    if isinstance(leaf, AssertionError):
        return Finding(outcome=Outcome.FAIL, message=str(leaf) or _source_line(leaf))
    if isinstance(leaf, Unreachable):
        return _of_silence(leaf, answered)
    if isinstance(leaf, NoData):
        return Finding(outcome=Outcome.NO_DATA, message=str(leaf))
    if isinstance(leaf, Blocked):
        outcome = Outcome.SKIPPED if leaf.failed else Outcome.ERROR
        return Finding(outcome=outcome, message=str(leaf))
    # Our own errors say what is the matter; of any other, its kind and place are all there is.
    said = str(leaf) if isinstance(leaf, HarnessError) else ""
    return Finding(outcome=Outcome.ERROR, message=said or _defect(leaf))


def _of_silence(silence: Unreachable, answered: Collection[str]) -> Finding:
    others = [origin for origin in answered if origin != silence.origin]
    if others or is_loopback(silence.origin):
        return Finding(
            outcome=Outcome.FAIL, message=str(silence), expected="an answer", came="none"
        )
    return Finding(
        outcome=Outcome.ERROR,
        message=f"{silence}; nothing else answered either, so it may be this machine's network",
    )


def is_loopback(origin: str) -> bool:
    """Is this address on this machine, so that no network lies in between?"""
    host = urlsplit(origin).hostname or ""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def _source_line(error: BaseException) -> str:
    frames = traceback.extract_tb(error.__traceback__)
    return (frames[-1].line if frames else "") or "an assertion does not hold"


def _defect(error: BaseException) -> str:
    frames = traceback.extract_tb(error.__traceback__)
    where = f" ({frames[-1].filename.rpartition('/')[2]}:{frames[-1].lineno})" if frames else ""
    text = str(error)
    return f"{type(error).__name__}{f': {text}' if text else ''}{where}"

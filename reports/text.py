"""For a person: what failed first and why, and the verdict on the last lines."""

from collections.abc import Iterator

from harness.model import Outcome, Reason, Result, RunRecord

_INDENT = " " * 9


def render(record: RunRecord) -> str:
    """The whole report; plain text, without anything that could steer a terminal."""
    lines = [line for result in _worst_first(record) for line in _problem(result)]
    lines += [line for reason in record.judgement.reasons for line in _of_the_run(reason, record)]
    lines += _summary(record)
    return "\n".join(printable(line) for line in lines) + "\n"


def summary(record: RunRecord) -> str:
    """The verdict alone, in one line."""
    return printable(_verdict_line(record)) + "\n"


def printable(text: str) -> str:
    """Text as a terminal can show it: what a server put in to steer one is spelled out."""
    return "".join(
        char if char.isprintable() else char.encode("unicode_escape").decode() for char in text
    )


def _worst_first(record: RunRecord) -> list[Result]:
    order = list(Outcome)
    wrong = [result for result in record.results if result.outcome is not Outcome.PASS]
    return sorted(wrong, key=lambda result: (-order.index(result.outcome), result.id))


def _problem(result: Result) -> Iterator[str]:
    yield f"{result.outcome.upper():<8} {result.id}"
    yield f"{_INDENT}{' '.join(result.promise.split())}"
    if result.message:
        yield f"{_INDENT}{result.message}"
    if result.expected or result.came:
        yield f"{_INDENT}expected  {result.expected}"
        yield f"{_INDENT}came      {result.came}"
    if result.curl:
        yield f"{_INDENT}{result.curl}"
    yield ""


def _of_the_run(reason: Reason, record: RunRecord) -> Iterator[str]:
    """Reasons that no result above has told yet."""
    if reason.check is None or reason.check not in {result.id for result in record.results}:
        about = f"{reason.check} " if reason.check else ""
        yield f"{reason.verdict:<8} {about}{reason.text}"


def _summary(record: RunRecord) -> Iterator[str]:
    yield _verdict_line(record)
    if record.sha256:
        yield f"evidence {record.directory}"
        yield f"sha256   {record.sha256}  verdict.json"


def _verdict_line(record: RunRecord) -> str:
    judgement = record.judgement
    total = sum(item.kind == "check" for item in record.manifest.declared)
    passed = judgement.counts.get(Outcome.PASS, 0)
    duration_s = judgement.duration_ms / 1000
    return f"{judgement.verdict:<5} {passed} of {total} checks passed in {duration_s:.2f} s"

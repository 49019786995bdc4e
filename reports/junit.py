"""For CI systems: JUnit XML. Nothing in it is green unless the verdict is GO.

One suite, a case for each check and resource. What could not be told is an error, what does not
decide (advisory, excluded) is skipped, and what befell the run itself is a case of its own.

Source: the dialect of Ant's junit task, as Jenkins, GitLab and GitHub actions read it.
"""

from collections.abc import Iterator, Sequence
from xml.etree import ElementTree as ET

from harness.model import Declared, Excluded, Outcome, Reason, Result, RunRecord, Verdict
from reports._printable import printable
from reports._reading import Reading

_SECONDS = "{:.3f}"


def render(record: RunRecord) -> str:
    """The document, indented."""
    suite = ET.Element("testsuite", name=_clean(f"keyarc-verify {record.manifest.environment}"))
    _add_properties(suite, record)
    suite.extend(_cases(record))
    if record.judgement.verdict is not Verdict.GO and not _is_red(suite):
        suite.append(_of_the_run(record.judgement.reasons))
    counts = {kind: len(suite.findall(f"testcase/{kind}")) for kind in ("failure", "error")}
    suite.set("tests", str(len(suite.findall("testcase"))))
    suite.set("failures", str(counts["failure"]))
    suite.set("errors", str(counts["error"]))
    suite.set("skipped", str(len(suite.findall("testcase/skipped"))))
    suite.set("time", _SECONDS.format(record.judgement.duration_ms / 1000))
    if record.judgement.started_at:
        # Without the zone, which the format's schema does not know; all times are UTC.
        suite.set("timestamp", _clean(record.judgement.started_at.partition(".")[0].rstrip("Z")))
    ET.indent(suite)
    body = ET.tostring(suite, encoding="unicode")
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{body}\n'


def _add_properties(suite: ET.Element, record: RunRecord) -> None:
    properties = ET.SubElement(suite, "properties")
    values = {
        "verdict": str(record.judgement.verdict),
        "environment": record.manifest.environment,
        "release": record.manifest.release,
        "run_id": record.manifest.run_id,
        "sha256": record.sha256,
    }
    for name, value in values.items():
        if value:
            ET.SubElement(properties, "property", name=name, value=_clean(value))


def _cases(record: RunRecord) -> Iterator[ET.Element]:
    reading = Reading.of(record)
    declared = {item.id: item for item in record.manifest.declared}
    unfinished = {item.id for item in reading.unfinished}
    for result in record.results:
        yield _of_result(result, declared.get(result.id), record.manifest.command)
    for item in reading.unfinished:
        case = _case(item.id)
        ET.SubElement(case, "error", message="did not finish", type="no_data")
        yield case
    yield from map(_of_excluded, record.manifest.excluded)
    rest = [reason for reason in reading.rest if reason.check not in unfinished]
    if rest:
        yield _of_the_run(rest)


def _of_result(result: Result, declared: Declared | None, command: str) -> ET.Element:
    case = _case(result.id, result.duration_ms)
    if result.outcome is Outcome.PASS:
        return case
    message = result.message or str(result.outcome)
    if declared is not None and not declared.required:
        kind, message = "skipped", f"{declared.allowance}; {result.outcome}: {message}"
    else:
        kind = {Outcome.FAIL: "failure", Outcome.SKIPPED: "skipped"}.get(result.outcome, "error")
    told = ET.SubElement(case, kind, message=_clean(message))
    if kind != "skipped":
        told.set("type", str(result.outcome))
    told.text = "\n".join(_clean(line) for line in _story(result, command))
    return case


def _story(result: Result, command: str) -> Iterator[str]:
    yield " ".join(result.promise.split())
    yield result.message
    if result.expected or result.came:
        yield f"expected  {result.expected}"
        yield f"came      {result.came}"
    if result.curl:
        yield result.curl
    if command and result.kind == "check":
        yield f"{command} --only {result.id}"


def _of_excluded(excluded: Excluded) -> ET.Element:
    case = _case(excluded.id)
    ET.SubElement(case, "skipped", message=_clean(f"not run: {excluded.reason}"))
    return case


def _is_red(suite: ET.Element) -> bool:
    return any(suite.find(f"testcase/{kind}") is not None for kind in ("failure", "error"))


def _of_the_run(reasons: Sequence[Reason]) -> ET.Element:
    """What no check tells. Without it, a reader could take a HOLD for green."""
    case = _case("run.verdict")
    lines = [
        f"{reason.verdict}: {' '.join(part for part in (reason.check, reason.text) if part)}"
        for reason in reasons
    ]
    told = ET.SubElement(case, "error", message=_clean(lines[0] if lines else "HOLD"), type="run")
    told.text = "\n".join(map(_clean, lines))
    return case


def _case(id_: str, duration_ms: float = 0.0) -> ET.Element:
    group = id_.rpartition(".")[0] or id_
    return ET.Element(
        "testcase",
        classname=_clean(group),
        name=_clean(id_),
        time=_SECONDS.format(duration_ms / 1000),
    )


def _clean(text: str) -> str:
    """XML has no way to write control characters and lone surrogates, not even escaped."""
    return printable(text)

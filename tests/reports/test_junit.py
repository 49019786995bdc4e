"""JUnit XML: well formed whatever a server said, and green only where the verdict is GO."""

from xml.etree import ElementTree as ET

import pytest

from harness.model import Declared, Excluded, Outcome, Reason, Result, RunRecord, Verdict
from reports import junit
from tests.reports.record import record_of

PASSED = Result(id="health.a", outcome=Outcome.PASS, duration_ms=12.5)
# Attributes and children of the format, in their order.
SUITE = {"name", "tests", "failures", "errors", "skipped", "time", "timestamp"}
KINDS = {"failure", "error", "skipped"}


def suite_of(record: RunRecord) -> ET.Element:
    """The suite, after a look at its structure."""
    suite = ET.fromstring(junit.render(record))
    cases = suite.findall("testcase")
    assert (suite.tag, set(suite.attrib)) == ("testsuite", SUITE)
    assert [child.tag for child in suite] == ["properties", *["testcase"] * len(cases)]
    for case in cases:
        assert set(case.attrib) == {"classname", "name", "time"}
        assert len(case) <= 1
        assert {child.tag for child in case} <= KINDS
    counts = [len(suite.findall(f"testcase/{kind}")) for kind in ("failure", "error", "skipped")]
    assert [str(len(cases)), *map(str, counts)] == [
        suite.get(name) for name in ("tests", "failures", "errors", "skipped")
    ]
    return suite


def is_green(suite: ET.Element) -> bool:
    return (suite.get("failures"), suite.get("errors")) == ("0", "0")


def case(suite: ET.Element, name: str) -> ET.Element:
    [found] = [case for case in suite.findall("testcase") if case.get("name") == name]
    return found


def test_a_go_is_green() -> None:
    suite = suite_of(record_of(PASSED))
    assert is_green(suite)
    assert case(suite, "health.a").attrib == {
        "classname": "health",
        "name": "health.a",
        "time": "0.013" if round(0.0125, 3) == 0.013 else "0.012",
    }


@pytest.mark.parametrize(
    ("outcome", "kind"),
    [
        (Outcome.FAIL, "failure"),
        (Outcome.ERROR, "error"),
        (Outcome.NO_DATA, "error"),
        (Outcome.FLAKY, "error"),
        (Outcome.SKIPPED, "skipped"),
    ],
)
def test_each_outcome_has_its_kind_and_none_is_green(outcome: Outcome, kind: str) -> None:
    suite = suite_of(record_of(PASSED, Result(id="c.b", outcome=outcome, message="why")))
    [told] = case(suite, "c.b")
    assert (told.tag, told.get("message")) == (kind, "why")
    assert not is_green(suite)


def test_a_failure_has_all_that_is_needed_to_repeat_it() -> None:
    failed = Result(
        id="c.b", outcome=Outcome.FAIL, promise="P.", message="m", expected="e", came="c", curl="u"
    )
    [told] = case(suite_of(record_of(failed, command="keyarc-verify smoke --env s")), "c.b")
    assert (told.text or "").splitlines() == [
        "P.",
        "m",
        "expected  e",
        "came      c",
        "u",
        "keyarc-verify smoke --env s --only c.b",
    ]


def test_what_did_not_finish_is_an_error() -> None:
    suite = suite_of(record_of(PASSED, declared=[Declared(id="health.a"), Declared(id="c.b")]))
    [told] = case(suite, "c.b")
    assert (told.tag, told.get("message")) == ("error", "did not finish")
    assert len(suite.findall("testcase")) == 2


@pytest.mark.parametrize(
    "record",
    [
        record_of(),
        record_of(PASSED, troubles=[Reason(verdict=Verdict.HOLD, text="interrupted")]),
        record_of(PASSED, declared=[]),
        record_of(
            Result(id="c.b", outcome=Outcome.SKIPPED, message="needs user"),
        ),
        record_of(PASSED, declared=[Declared(id="health.a", required=False, allowance="x")]),
    ],
    ids=["empty", "interrupted", "undeclared", "skipped alone", "nothing required"],
)
def test_a_hold_that_no_check_tells_is_a_case_of_its_own(record: RunRecord) -> None:
    suite = suite_of(record)
    assert record.judgement.verdict is Verdict.HOLD
    assert not is_green(suite)
    [told] = case(suite, "run.verdict")
    assert (told.tag, told.get("message", "")[:6]) == ("error", "HOLD: ")


def test_what_does_not_decide_is_skipped_with_its_reason() -> None:
    advisory = Declared(id="c.b", required=False, allowance="advisory: known")
    record = record_of(
        PASSED,
        Result(id="c.b", outcome=Outcome.FAIL, message="why"),
        declared=[Declared(id="health.a"), advisory],
        excluded=[Excluded(id="c.c", reason="makes data")],
    )
    suite = suite_of(record)
    assert record.judgement.verdict is Verdict.GO
    assert is_green(suite)
    assert case(suite, "c.b")[0].get("message") == "advisory: known; fail: why"
    assert case(suite, "c.c")[0].get("message") == "not run: makes data"


def test_properties_say_what_was_verified() -> None:
    suite = suite_of(record_of(PASSED, release="v7"))
    found = {each.get("name"): each.get("value") for each in suite.iter("property")}
    assert found == {
        "verdict": "GO",
        "environment": "some",
        "release": "v7",
        "run_id": "20260101T000000Z-abc",
        "sha256": "0" * 64,
    }


@pytest.mark.parametrize("code", [*range(32), 0x7F, 0x85, 0xD800, 0xDFFF, 0xFFFE, 0xFFFF, 0x202E])
def test_no_character_of_a_server_breaks_the_document(code: int) -> None:
    evil = f"a{chr(code)}b]]></failure><testcase/>&<\"'"
    failed = Result(
        id=f"c.{evil}", outcome=Outcome.FAIL, message=evil, expected=evil, came=evil, curl=evil
    )
    suite = suite_of(record_of(failed, release=evil))
    assert len(suite.findall("testcase")) == 1
    assert "]]></failure><testcase/>&<" in (suite.find("testcase/failure").text or "")  # type: ignore[union-attr]

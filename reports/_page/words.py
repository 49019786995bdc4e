"""How the page says what came out, and how long it took: a word, a sign, a colour by the class."""

from collections.abc import Mapping

from harness.model import Outcome, Verdict
from reports._page.markup import Markup, joined, tag

SIGNS: Mapping[Outcome | None, str] = {
    Outcome.PASS: "✓",
    Outcome.FLAKY: "~",
    Outcome.SKIPPED: "»",
    Outcome.NO_DATA: "?",
    Outcome.ERROR: "!",
    Outcome.FAIL: "✗",
    None: "-",
}
WORDS: Mapping[Outcome | None, str] = {
    Outcome.PASS: "passed",
    Outcome.FLAKY: "flaky",
    Outcome.SKIPPED: "skipped",
    Outcome.NO_DATA: "no data",
    Outcome.ERROR: "error",
    Outcome.FAIL: "failed",
    None: "not run",
}
CLASSES: Mapping[Outcome | None, str] = {
    Outcome.PASS: "pass",
    Outcome.FAIL: "fail",
    None: "away",
}
VERDICT_CLASSES = {Verdict.GO: "pass", Verdict.HOLD: "open", Verdict.NO_GO: "fail"}
_MINUTE_S = 60.0
_LONG_S = 9.95


def class_of(outcome: Outcome | None) -> str:
    """What is neither well nor wrong is open."""
    return CLASSES.get(outcome, "open")


def badge(outcome: Outcome | None) -> Markup:
    """The outcome as a sign and a word."""
    sign = tag("span", SIGNS[outcome], aria_hidden="true")
    return tag("span", joined((sign, WORDS[outcome]), " "), class_=f"badge {class_of(outcome)}")


def seconds(duration_ms: float | None) -> str:
    """Short: `0.4`, `12`, `-` where there is none."""
    if duration_ms is None:
        return "-"
    told = duration_ms / 1000
    return f"{told:.1f}" if told < _LONG_S else f"{told:.0f}"


def duration(duration_ms: float) -> str:
    """With its unit: `35 ms`, `1.50 s`, `4 min 12 s`."""
    told = duration_ms / 1000
    if told < 1:
        return f"{duration_ms:.0f} ms"
    if told < _MINUTE_S:
        return f"{told:.2f} s"
    return f"{told // _MINUTE_S:.0f} min {told % _MINUTE_S:.0f} s"

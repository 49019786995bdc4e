"""What stands first: may it stay, why, and of what run that is said."""

from collections import Counter
from collections.abc import Iterator

from harness.model import Outcome, RunRecord, Verdict
from reports._page.markup import Markup, facts, joined, tag
from reports._page.words import VERDICT_CLASSES, WORDS, duration
from reports._printable import shortened

_SIGNS = {Verdict.GO: "✓", Verdict.HOLD: "!", Verdict.NO_GO: "✗"}


def head(record: RunRecord) -> Markup:
    """The verdict, its reason in a sentence, and the facts of the run."""
    judgement = record.judgement
    sign = tag("span", _SIGNS[judgement.verdict], class_="sign", aria_hidden="true")
    return tag(
        "header",
        tag("p", f"May it stay in {record.manifest.environment}?", class_="question"),
        tag("h1", joined((sign, str(judgement.verdict)), " ")),
        tag("p", shortened(_reason(record)), class_="reason"),
        facts(_facts(record)),
        class_=VERDICT_CLASSES[judgement.verdict],
    )


def _reason(record: RunRecord) -> str:
    reasons = record.judgement.reasons
    if not reasons:
        return "Every check that was required has passed."
    first = ": ".join(part for part in (reasons[0].check, reasons[0].text) if part)
    more = len(reasons) - 1
    return first + (f", and {more} more reason{'s' if more > 1 else ''}" if more else "")


def _facts(record: RunRecord) -> Iterator[tuple[str, str | None]]:
    manifest, judgement = record.manifest, record.judgement
    yield "Environment", manifest.environment
    yield "Release", f"{manifest.release} was expected" if manifest.release else None
    yield "Began", _moment(judgement.started_at)
    yield "Took", duration(judgement.duration_ms)
    yield "Checks", _counts(record)
    consequence = record.consequence
    yield "Action", str(consequence.action) if consequence else None
    yield "Command", tag("code", manifest.command) if manifest.command else None
    yield "Run", tag("code", manifest.run_id)
    yield "By", f"keyarc-verify {manifest.tool_version}"


def _counts(record: RunRecord) -> str:
    """Every outcome that there was, the good ones first."""
    counts = Counter(result.outcome for result in record.results if result.kind == "check")
    told = [f"{counts[outcome]} {WORDS[outcome]}" for outcome in Outcome if counts[outcome]]
    excluded = len(record.manifest.excluded)
    return ", ".join([*told, *([f"{excluded} not run"] if excluded else [])]) or "none"


def _moment(moment: str) -> str:
    """A time of day as people read it; all are in UTC."""
    day, _, time = moment.partition("T")
    return f"{day} {time.partition('.')[0].rstrip('Z')} UTC" if time else moment

"""What stands below: what befell the run, what does not decide, what was not run, what passed."""

from collections.abc import Iterable, Iterator, Sequence

from harness.model import Declared, Reason, Result, RunRecord
from reports._page.markup import Markup, tag
from reports._page.picture import NOT_RUN, OF_THE_RUN
from reports._page.words import badge, duration
from reports._printable import shortened
from reports._reading import grouped

# So many ids are told in a line; more of them can be opened.
_NAMED = 3


def of_the_run(reasons: Sequence[Reason]) -> Iterator[Markup]:
    """Reasons that no result tells; one line for those that say the same."""
    if not reasons:
        return
    groups = grouped(reasons, lambda reason: (reason.verdict, reason.text))
    items = [
        tag("li", tag("b", verdict), " ", shortened(text), _ids(r.check for r in alike if r.check))
        for (verdict, text), alike in groups.items()
    ]
    yield tag("section", tag("h2", "The run itself"), tag("ul", *items), id=OF_THE_RUN)


def advisory(
    found: Sequence[tuple[Result, Declared]], expired: Sequence[Declared]
) -> Iterator[Markup]:
    """What would keep it from GO, were it not for an entry in the environment file."""
    items = [
        tag(
            "li",
            badge(result.outcome), " ", tag("code", result.id), " ",
            shortened(": ".join(part for part in (result.message, result.came) if part)),
            tag("p", declared.allowance),
        )
        for result, declared in found
    ]  # fmt: skip
    items += [tag("li", "expired ", tag("code", item.id), " ", item.allowance) for item in expired]
    if items:
        yield tag("section", tag("h2", "Advisory"), tag("ul", *items))


def not_run(record: RunRecord) -> Iterator[Markup]:
    """By reason: it counts as not run, never as passed."""
    groups = grouped(record.manifest.excluded, lambda excluded: excluded.reason)
    if not groups:
        return
    items = [
        tag("li", shortened(reason), _ids(each.id for each in alike))
        for reason, alike in groups.items()
    ]
    yield tag("section", tag("h2", "Not run, and why"), tag("ul", *items), id=NOT_RUN)


def passed(results: Sequence[Result]) -> Iterator[Markup]:
    """Checks that are no cells, shortly; what they sent is in results.jsonl."""
    if not results:
        return
    rows = (
        tag(
            "tr",
            tag("th", tag("code", each.id), scope="row"),
            tag("td", duration(each.duration_ms)),
        )
        for each in results
    )
    count = f"{len(results)} checks" if len(results) > 1 else "1 check"
    heads = tag("tr", tag("th", "Check", scope="col"), tag("th", "Took", scope="col"))
    table = tag("table", tag("thead", heads), tag("tbody", *rows), class_="passed")
    told = tag("details", tag("summary", f"{count} passed"), table)
    yield tag("section", tag("h2", "Passed"), told)


def _ids(ids: Iterable[str]) -> Markup:
    named = list(ids)
    listed = tag("ul", *(tag("li", tag("code", id_)) for id_ in named), class_="ids")
    if len(named) <= _NAMED:
        return listed if named else Markup("")
    return tag("details", tag("summary", f"{len(named)} of them"), listed)

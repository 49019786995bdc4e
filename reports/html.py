"""For a person with a browser: one page that holds all it needs. No script, no server.

The verdict stands first, then the matrix of faults, what failed, and all else that is known. A
cell of the matrix opens to its evidence, which is read from the run's directory.
"""

import base64
import hashlib
from collections.abc import Iterator, Sequence
from pathlib import Path

from harness.model import Outcome, Result, RunRecord
from harness.records import explained
from reports._matrix import Matrix
from reports._page import rest
from reports._page.entry import entry
from reports._page.head import head
from reports._page.markup import Anchors, Markup, joined, tag, text
from reports._page.picture import NOT_RUN, OF_THE_RUN, picture
from reports._reading import Reading

FILE = "report.html"
# The worst are open at once; with all of them open, there would be no end of it.
_OPENED = 3
_STYLE = Path(__file__).with_name("page.css")


def render(record: RunRecord) -> str:
    """The whole page."""
    style = Markup(_STYLE.read_text(encoding="utf-8"))
    judgement = record.judgement
    title = f"{judgement.verdict} {record.manifest.environment} {record.manifest.run_id}"
    page = tag(
        "html",
        tag(
            "head",
            tag("meta", charset="utf-8"),
            tag("meta", http_equiv="Content-Security-Policy", content=_policy(style)),
            tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
            tag("meta", name="referrer", content="no-referrer"),
            tag("title", title),
            tag("style", style),
        ),
        tag("body", head(record), tag("main", *_sections(record)), _foot(record)),
        lang="en",
    )
    return f"<!doctype html>\n{page}\n"


def leave(record: RunRecord) -> Path:
    """Writes the page into the run's directory, whole or not at all, and returns its path.

    Raises:
        RecordsError: It cannot be written.
    """
    assert record.directory is not None, "a run that has ended has a directory"
    file = record.directory / FILE
    unfinished = file.with_name(f".{FILE}")
    with explained(file):
        unfinished.write_text(render(record), encoding="utf-8")
        unfinished.replace(file)
    return file


def _sections(record: RunRecord) -> Iterator[Markup]:
    reading, anchors = Reading.of(record), Anchors(NOT_RUN, OF_THE_RUN)
    matrix = Matrix.of(record)
    if matrix is not None:
        yield picture(matrix, anchors)
    yield from _entries("What keeps it from GO", reading.problems, record, anchors)
    yield from rest.of_the_run(reading.rest)
    yield from rest.advisory(reading.advisory, reading.expired)
    yield from rest.not_run(record)
    advisory_cells = [result for result, _ in reading.advisory if result.cell]
    well = [result for result in record.results if not _is_wrong(result)]
    cells = [*advisory_cells, *(result for result in well if result.cell)]
    yield from _entries("Faults, one by one", cells, record, anchors)
    yield from rest.passed([result for result in well if not result.cell])


def _entries(
    title: str, results: Sequence[Result], record: RunRecord, anchors: Anchors
) -> Iterator[Markup]:
    if results:
        entries = (
            entry(result, record, anchors, opened=number < _OPENED and _is_wrong(result))
            for number, result in enumerate(results)
        )
        yield tag("section", tag("h2", title), *entries)


def _is_wrong(result: Result) -> bool:
    return result.outcome is not Outcome.PASS


def _foot(record: RunRecord) -> Markup:
    told = ("SHA-256 of verdict.json: ", tag("code", record.sha256)) if record.sha256 else ()
    return tag("footer", tag("p", joined(map(text, told)))) if told else Markup("")


def _policy(style: str) -> str:
    """Nothing is loaded from anywhere, and no other style or script takes hold."""
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    return f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"

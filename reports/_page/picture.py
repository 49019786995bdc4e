"""The matrix of faults as tables: a colour, a sign and a word for each cell, and a link to it."""

from collections.abc import Iterator
from itertools import groupby

from reports._matrix import Matrix, Place, Row, Square, Table
from reports._page.markup import Anchors, Markup, hidden, joined, tag
from reports._page.words import SIGNS, WORDS, class_of, seconds

NOT_RUN = "not-run"
OF_THE_RUN = "of-the-run"
_ABOUT = (
    "In each cell: after how many seconds health told of the fault, and how many seconds after "
    "the heal all was well. A cell leads to its evidence."
)


def picture(matrix: Matrix, anchors: Anchors) -> Markup:
    """All tables, and the pairs as a list."""
    tables = (_table(table, anchors, f"table-{n}") for n, table in enumerate(matrix.tables, 1))
    about = tag("p", _ABOUT, class_="about")
    parts = [tag("h2", "Faults"), about, tag("div", *tables, class_="tables")]
    if matrix.pairs:
        listed = (tag("li", _cell(pair, anchors), " ", pair.fault) for pair in matrix.pairs)
        parts += [tag("h3", "Two faults at once"), tag("ul", *listed, class_="pairs")]
    return tag("section", *parts)


def _table(table: Table, anchors: Anchors, name: str) -> Markup:
    heads = (tag("th", *_heading(place), scope="col") for place in table.places)
    head = tag("thead", tag("tr", tag("th", "Fault", scope="col"), *heads))
    groups = groupby(table.rows, key=lambda row: row.kind)
    bodies = (_group(kind, list(rows), table, anchors) for kind, rows in groups)
    whole = tag("table", tag("caption", table.title, id=name), head, *bodies, class_="matrix")
    # It can be wider than the screen: then it scrolls by itself, by keyboard as well.
    return tag("div", whole, class_="wide", role="region", aria_labelledby=name, tabindex="0")


def _heading(place: Place) -> Iterator[str]:
    yield place.service
    if place.dependency is not None:
        yield tag("span", f"→ {place.dependency}", class_="to")


def _group(kind: str, rows: list[Row], table: Table, anchors: Anchors) -> Markup:
    columns = str(len(table.places) + 1)
    head = tag("tr", tag("th", kind, scope="rowgroup", colspan=columns), class_="kind")
    return tag("tbody", head, *(_row(row, table, anchors) for row in rows))


def _row(row: Row, table: Table, anchors: Anchors) -> Markup:
    cells = []
    for place in table.places:
        square = row.squares.get(place)
        cells.append(tag("td", _cell(square, anchors)) if square else tag("td"))
    return tag("tr", tag("th", row.fault.replace("_", " "), scope="row"), *cells)


def _cell(square: Square, anchors: Anchors) -> Markup:
    sign = tag("span", SIGNS[square.outcome], class_="sign", aria_hidden="true")
    parts = [sign, tag("span", WORDS[square.outcome], class_="word"), *_times(square)]
    if square.reason:
        parts.append(hidden(f": {square.reason}"))
    leads_to = anchors.of(square.id) if square.result else _elsewhere(square)
    return tag(
        "a", joined(parts, " "), href=f"#{leads_to}", class_=f"cell {class_of(square.outcome)}"
    )


def _elsewhere(square: Square) -> str:
    return NOT_RUN if square.outcome is None else OF_THE_RUN


def _times(square: Square) -> Iterator[Markup]:
    detected, recovered = square.detected_ms, square.recovered_ms
    if detected is None and recovered is None:
        return
    yield tag(
        "span", f"{seconds(detected)}/{seconds(recovered)}", class_="times", aria_hidden="true"
    )
    told = f"told of after {seconds(detected)} s, " if detected is not None else ""
    after = f"well after {seconds(recovered)} s" if recovered is not None else "not well again"
    yield hidden(f"{told}{after}")

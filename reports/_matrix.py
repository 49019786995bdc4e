"""The matrix of faults of a run: tables with a row for each fault and a column for each place.

Pure: from a run's records alone.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from harness.model import Cell, Outcome, Result, RunRecord

PAIR = "pair"
# What each table is about, and the kinds of faults in it, in their order.
TABLES: Mapping[str, Sequence[str]] = {
    "Services": ("control", "process", "settings"),
    "Ways to dependencies": ("network", "http", "tls"),
    "Database": ("database",),
}
_TITLES = {kind: title for title, kinds in TABLES.items() for kind in kinds}
KINDS = (*_TITLES, PAIR)
_ORDER = list(Outcome)


@dataclass(frozen=True, slots=True)
class Place:
    """A column: a service, the database, or the way from a service to a dependency."""

    service: str
    dependency: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Square:
    """A fault at one place, and how that ended.

    Attributes:
        outcome: None where it was not run; `reason` says why.
        result: None where it did not run, or did not finish.
    """

    id: str
    fault: str
    kind: str
    place: Place
    outcome: Outcome | None
    reason: str = ""
    detected_ms: float | None = None
    recovered_ms: float | None = None
    result: Result | None = None


@dataclass(frozen=True, slots=True)
class Row:
    """One fault, wherever it was put in."""

    kind: str
    fault: str
    squares: Mapping[Place, Square]


@dataclass(frozen=True, slots=True)
class Table:
    """Faults that are put in at places of one sort."""

    title: str
    places: Sequence[Place]
    rows: Sequence[Row]


@dataclass(frozen=True, slots=True)
class Matrix:
    """All of it. `pairs` are two faults at once; they have no place of their own."""

    tables: Sequence[Table]
    pairs: Sequence[Square]

    @classmethod
    def of(cls, record: RunRecord) -> "Matrix | None":
        """The matrix of a run; None where no fault was put in."""
        if not any(result.cell for result in record.results):
            return None
        squares = list(_squares(record))
        places = _in_order(record, squares)
        single = [square for square in squares if square.kind != PAIR]
        tables = (_table(title, single, places) for title in TABLES)
        return cls(
            tables=[table for table in tables if table.rows],
            pairs=[square for square in squares if square.kind == PAIR],
        )


def _squares(record: RunRecord) -> Iterator[Square]:
    finished = {result.id for result in record.results}
    for result in record.results:
        if result.cell:
            yield _square(result.id, result.cell, result.outcome, result=result)
    for declared in record.manifest.declared:
        if declared.cell and declared.id not in finished:
            yield _square(declared.id, declared.cell, Outcome.NO_DATA, "did not finish")
    for excluded in record.manifest.excluded:
        if excluded.cell:
            yield _square(excluded.id, excluded.cell, None, excluded.reason)


def _square(
    id_: str, cell: Cell, outcome: Outcome | None, reason: str = "", result: Result | None = None
) -> Square:
    return Square(
        id=id_,
        fault=cell.fault,
        kind=cell.kind,
        place=Place(cell.service, cell.dependency),
        outcome=outcome,
        reason=reason,
        detected_ms=cell.detected_ms,
        recovered_ms=cell.recovered_ms,
        result=result,
    )


def _in_order(record: RunRecord, squares: Sequence[Square]) -> list[Place]:
    """All places: services in the order of the manifest, and each with its ways after it."""
    ids = [item.id for item in record.manifest.declared]
    ids += [item.id for item in record.manifest.excluded]
    order = {id_: index for index, id_ in enumerate(ids)}
    first = sorted(squares, key=lambda square: order.get(square.id, len(order)))
    services = list(dict.fromkeys(square.place.service for square in first))
    places = dict.fromkeys(square.place for square in first)
    return sorted(places, key=lambda place: services.index(place.service))


def _table(title: str, squares: Sequence[Square], places: Sequence[Place]) -> Table:
    own = [square for square in squares if _title(square) == title]
    held = {square.place for square in own}
    kinds = dict.fromkeys((*TABLES[title], *(square.kind for square in own)))
    rows = [
        Row(kind, fault, _worst_of_each(s for s in own if (s.kind, s.fault) == (kind, fault)))
        for kind in kinds
        for fault in dict.fromkeys(square.fault for square in own if square.kind == kind)
    ]
    return Table(title, [place for place in places if place in held], rows)


def _title(square: Square) -> str:
    """Of the table that it stands in; a kind that none is about stands where its place is."""
    of_a_way = "Ways to dependencies" if square.place.dependency else "Services"
    return _TITLES.get(square.kind, of_a_way)


def _worst_of_each(squares: Iterable[Square]) -> Mapping[Place, Square]:
    found: dict[Place, Square] = {}
    for square in squares:
        known = found.get(square.place)
        if known is None or _badness(square) > _badness(known):
            found[square.place] = square
    return found


def _badness(square: Square) -> int:
    return -1 if square.outcome is None else _ORDER.index(square.outcome)

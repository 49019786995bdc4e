"""The matrix of faults of a run: tables with a row for each fault and a column for each place.

Pure: from a run's records alone.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from harness.model import Excluded, Outcome, Result, RunRecord

GROUP = "faults."
CONTROL = "none"
PAIR = "pair"
OTHER = "other"
# What each table is about, and the kinds of faults in it, in their order.
TABLES: Mapping[str, Sequence[str]] = {
    "Services": ("control", "process", "settings"),
    "Ways to dependencies": ("network", "http", "tls"),
    "Database": ("database",),
}
KINDS = (*(kind for kinds in TABLES.values() for kind in kinds), OTHER, PAIR)
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
        squares = list(_with_kinds(_squares(record)))
        places = _in_order(record, squares)
        single = [square for square in squares if square.kind != PAIR]
        tables = (_table(title, single, places) for title in TABLES)
        return cls(
            tables=[table for table in tables if table.rows],
            pairs=[square for square in squares if square.kind == PAIR],
        )


def _squares(record: RunRecord) -> Iterator[Square]:
    finished = {result.id for result in record.results}
    yield from (_of_result(result) for result in record.results if result.cell)
    for declared in record.manifest.declared:
        if declared.id not in finished:
            yield from _of_id(declared.id, Outcome.NO_DATA, "did not finish")
    for excluded in record.manifest.excluded:
        yield from _of_excluded(excluded)


def _of_result(result: Result) -> Square:
    cell = result.cell
    assert cell is not None, "only cells are asked for"
    return Square(
        id=result.id,
        fault=cell.fault,
        kind="control" if cell.fault == CONTROL else cell.kind,
        place=Place(cell.service, cell.dependency),
        outcome=result.outcome,
        detected_ms=cell.detected_ms,
        recovered_ms=cell.recovered_ms,
        result=result,
    )


def _of_excluded(excluded: Excluded) -> Iterator[Square]:
    return _of_id(excluded.id, None, excluded.reason)


def _of_id(id_: str, outcome: Outcome | None, reason: str) -> Iterator[Square]:
    """What an id alone tells of a cell: `faults.FAULT.SERVICE[.DEPENDENCY]`, pairs with a `+`."""
    if not id_.startswith(GROUP):
        return
    told = id_.removeprefix(GROUP)
    fault, _, place = told.partition(".")
    service, _, dependency = place.partition(".")
    kind = "control" if fault == CONTROL else OTHER
    if "+" in told:
        fault, kind = " + ".join(one.replace(".", " ", 1) for one in told.split("+")), PAIR
    if service:
        yield Square(
            id=id_,
            fault=fault,
            kind=kind,
            place=Place(service, dependency or None),
            outcome=outcome,
            reason=reason,
        )


def _with_kinds(squares: Iterable[Square]) -> Iterator[Square]:
    """An id does not tell the kind of its fault; the same fault elsewhere may."""
    squares = list(squares)
    kinds = {square.fault: square.kind for square in squares if square.kind != OTHER}
    for square in squares:
        yield replace(square, kind=kinds.get(square.fault, square.kind))


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
    own = [square for square in squares if _title(square, squares) == title]
    held = {square.place for square in own}
    kinds = [kind for kind in (*TABLES[title], OTHER) if any(s.kind == kind for s in own)]
    rows = [
        Row(kind, fault, _worst_of_each(s for s in own if (s.kind, s.fault) == (kind, fault)))
        for kind in kinds
        for fault in dict.fromkeys(square.fault for square in own if square.kind == kind)
    ]
    return Table(title, [place for place in places if place in held], rows)


def _title(square: Square, squares: Sequence[Square]) -> str:
    """Of the table that it stands in; for an unknown kind, the last that has its column."""
    by_kind = {kind: title for title, kinds in TABLES.items() for kind in kinds}
    if square.kind in by_kind:
        return by_kind[square.kind]
    if square.place.dependency is not None:
        return "Ways to dependencies"
    alike = {by_kind.get(other.kind) for other in squares if other.place == square.place}
    return "Database" if "Database" in alike else "Services"


def _worst_of_each(squares: Iterable[Square]) -> Mapping[Place, Square]:
    found: dict[Place, Square] = {}
    for square in squares:
        known = found.get(square.place)
        if known is None or _badness(square) > _badness(known):
            found[square.place] = square
    return found


def _badness(square: Square) -> int:
    return -1 if square.outcome is None else _ORDER.index(square.outcome)

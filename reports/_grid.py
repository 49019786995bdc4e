"""The matrix of faults as lines of text; each cell is a word, and the times in seconds."""

from collections.abc import Iterator, Sequence

from harness.model import Outcome
from reports._matrix import Matrix, Place, Row, Square, Table
from reports._printable import printable

WIDTH = 100
NOT_RUN = "not run"
WORDS = {outcome: outcome.upper() for outcome in Outcome} | {Outcome.PASS: "ok"}
_ABOUT = "ok 0.4/0.9: health told of it after 0.4 s, all was well 0.9 s after the heal"
_HEAD = 8
_LONGEST = 24
_LONG_S = 9.95


def lines(matrix: Matrix) -> Iterator[str]:
    """A line for each fault; tables that are too wide go on below."""
    yield f"{'matrix':<{_HEAD}} {_ABOUT}"
    for table in matrix.tables:
        yield ""
        yield from _table(table)
    if matrix.pairs:
        yield ""
    names = [printable(square.fault) for square in matrix.pairs]
    width = max(map(len, names), default=0)
    for name, square in zip(names, matrix.pairs, strict=True):
        yield f"{'pair':<{_HEAD}} {name:<{width}}  {word(square)}"


def word(square: Square) -> str:
    """How a cell ended, and its times where there is one."""
    said = NOT_RUN if square.outcome is None else WORDS[square.outcome]
    if square.detected_ms is None and square.recovered_ms is None:
        return said
    return f"{said} {_seconds(square.detected_ms)}/{_seconds(square.recovered_ms)}"


def _table(table: Table) -> Iterator[str]:
    """As many columns as there is room for, then the next."""
    names = [_cut(row.fault) for row in table.rows]
    label = max(map(len, names))
    room = WIDTH - _HEAD - 1 - label
    columns = [_column(place, table.rows) for place in table.places]
    for part in _parted(columns, room):
        for line in (0, 1):
            heads = "".join(f"  {column[line]:<{_width(column)}}" for column in part)
            if heads.strip():
                yield f"{'':<{_HEAD}} {'':<{label}}{heads}".rstrip()
        for number, row in enumerate(table.rows):
            cells = "".join(f"  {column[number + 2]:<{_width(column)}}" for column in part)
            yield f"{row.kind:<{_HEAD}} {names[number]:<{label}}{cells}".rstrip()


def _column(place: Place, rows: Sequence[Row]) -> list[str]:
    """Its two lines of heading, then a cell for each row."""
    cells = (row.squares.get(place) for row in rows)
    heads = [_cut(place.service), f"> {_cut(place.dependency)}" if place.dependency else ""]
    return [*heads, *(word(cell) if cell else "" for cell in cells)]


def _parted(columns: Sequence[list[str]], room: int) -> Iterator[list[list[str]]]:
    part: list[list[str]] = []
    for column in columns:
        if part and sum(2 + _width(each) for each in (*part, column)) > room:
            yield part
            part = []
        part.append(column)
    if part:
        yield part


def _width(column: Sequence[str]) -> int:
    return max(map(len, column))


def _cut(name: str) -> str:
    shown = printable(name)
    return shown if len(shown) <= _LONGEST else f"{shown[: _LONGEST - 1]}…"


def _seconds(duration_ms: float | None) -> str:
    if duration_ms is None:
        return "-"
    seconds = duration_ms / 1000
    return f"{seconds:.1f}" if seconds < _LONG_S else f"{seconds:.0f}"

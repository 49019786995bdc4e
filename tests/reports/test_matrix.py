"""The matrix of faults: every cell in its place, and none made up, lost or hidden."""

from dataclasses import replace

import pytest

from harness.model import Declared, Excluded, Outcome, Result, RunRecord
from reports._matrix import Matrix, Place, Square
from tests.reports.matrix import (
    SERVICES,
    Run,
    cell,
    cells,
    failed,
    left_out,
    not_run,
    pair,
)
from tests.reports.record import record_of


def matrix_of(record: RunRecord) -> Matrix:
    matrix = Matrix.of(record)
    assert matrix is not None
    return matrix


def squares(matrix: Matrix) -> list[Square]:
    single = [
        square for table in matrix.tables for row in table.rows for square in row.squares.values()
    ]
    return [*single, *matrix.pairs]


def test_a_run_without_faults_has_no_matrix() -> None:
    nothing_put_in = [Excluded(id="faults.kill.auth", reason="not allowed here")]
    assert Matrix.of(record_of(Result(id="health.auth", outcome=Outcome.PASS))) is None
    assert Matrix.of(record_of(excluded=nothing_put_in)) is None


def test_every_cell_of_a_run_is_in_it_once() -> None:
    record = Run({"kill.auth": not_run("no")}).record(pair("kill.auth", "refuse.keys.postgres"))
    ids = [result.id for result in record.results] + ["faults.kill.auth"]
    assert len(ids) > 90
    assert sorted(ids) == sorted(square.id for square in squares(matrix_of(record)))


def test_the_control_row_is_first_and_kinds_stand_together() -> None:
    tables = matrix_of(Run({}).record()).tables
    assert [
        (table.title, [*dict.fromkeys(row.kind for row in table.rows)]) for table in tables
    ] == [
        ("Services", ["control", "process", "settings"]),
        ("Ways to dependencies", ["network", "http", "tls"]),
        ("Database", ["database"]),
    ]
    assert tables[0].rows[0].fault == "none"


def test_columns_are_in_the_order_of_the_manifest_and_of_services() -> None:
    services, ways, _ = matrix_of(Run({}).record()).tables
    assert list(services.places) == [Place(service) for service in SERVICES]
    assert list(ways.places) == [
        Place("auth", "postgres"),
        Place("gateway", "account"),
        Place("gateway", "keys"),
        Place("account", "postgres"),
        Place("keys", "postgres"),
    ]


def test_what_is_not_run_stands_beside_the_same_fault_elsewhere() -> None:
    table = matrix_of(Run({"kill.auth": not_run("not ours")}).record()).tables[0]
    [row] = [row for row in table.rows if row.fault == "kill"]
    square = row.squares[Place("auth")]
    assert (row.kind, square.outcome, square.reason) == ("process", None, "not ours")


@pytest.mark.parametrize(
    ("place", "title"), [(("auth",), "Services"), (("gateway", "keys"), "Ways to dependencies")]
)
def test_a_fault_of_an_unheard_of_kind_stands_where_its_place_is(
    place: tuple[str, ...], title: str
) -> None:
    strange = cell("eclipse", "astronomy", *place)
    [table] = [t for t in matrix_of(record_of(*cells(), strange)).tables if t.title == title]
    assert (table.rows[-1].kind, table.rows[-1].fault) == ("astronomy", "eclipse")


def test_a_cell_that_did_not_finish_is_no_data_and_never_blank() -> None:
    done = cell("kill", "process", "auth")
    late = Declared(id="faults.kill.keys", cell=cell("kill", "process", "keys").cell)
    record = record_of(done, declared=[Declared(id=done.id), late])
    [row] = matrix_of(record).tables[0].rows
    assert row.squares[Place("keys")].outcome is Outcome.NO_DATA
    assert row.squares[Place("keys")].reason == "did not finish"


@pytest.mark.parametrize("reverse", [False, True])
def test_of_two_results_for_one_cell_the_worse_is_shown(*, reverse: bool) -> None:
    well = cell("kill", "process", "auth")
    both = [well, replace(failed(well), id="faults.kill.auth.again")]
    [row] = matrix_of(record_of(*(both[::-1] if reverse else both))).tables[0].rows
    assert row.squares[Place("auth")].outcome is Outcome.FAIL


def test_pairs_are_named_alike_whether_they_ran_or_not() -> None:
    ran = pair("kill.auth", "refuse.keys.postgres")
    left = left_out(pair("pause.auth", "refuse.gateway.keys"), "no")
    pairs = matrix_of(record_of(ran, excluded=[left])).pairs
    assert [square.fault for square in pairs] == [
        "kill auth + refuse keys.postgres",
        "pause auth + refuse gateway.keys",
    ]

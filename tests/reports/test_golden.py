"""Reports of known runs, as they lie beside this file, and how the matrix fits a terminal."""

import pytest

from harness.cli._terminal import coloured
from reports import text
from tests.reports.golden import FOLDER, WHOLE, texts

TEXTS = dict(texts())


@pytest.mark.parametrize("name", TEXTS)
def test_a_report_is_as_it_was(name: str) -> None:
    written = (FOLDER / name).read_text(encoding="utf-8")
    assert written == TEXTS[name], "if it is meant: `python -m tests.reports.golden`"


def test_there_is_no_file_without_a_report() -> None:
    assert {file.name for file in FOLDER.iterdir()} == set(TEXTS)


@pytest.mark.parametrize("name", WHOLE)
def test_the_matrix_fits_into_100_columns_and_stands_above_the_verdict(name: str) -> None:
    lines = text.render(WHOLE[name]).splitlines()
    begin = next(n for n, line in enumerate(lines) if line.startswith("matrix"))
    assert max(map(len, lines[begin:-3])) <= 100
    assert lines[-4] == ""
    assert lines[-3].startswith(WHOLE[name].judgement.verdict)


def test_a_cell_has_the_colour_of_its_word() -> None:
    shown = coloured(
        "settings ok_wrong        ok 0.4/0.9  FAIL -/0.9  not run  NO_DATA\n"
        "         a server says ok  FAIL\n"
        "not run  faults.kill.auth: FAIL ok\n"
    )
    assert shown == (
        "settings ok_wrong        \x1b[32mok\x1b[0m 0.4/0.9  \x1b[31;1mFAIL\x1b[0m -/0.9"
        "  \x1b[2mnot run\x1b[0m  \x1b[33;1mNO_DATA\x1b[0m\n"
        "         a server says ok  FAIL\n"
        "not run  faults.kill.auth: FAIL ok\n"
    )

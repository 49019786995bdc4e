"""Evidence that is missing, broken, elsewhere or odd is told, and the page stays whole."""

import json
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from reports import html
from tests.reports.evidence import with_evidence
from tests.reports.matrix import cell
from tests.reports.page import Page
from tests.reports.record import record_of

CELL = cell("kill", "process", "auth")
NAME = "cells/faults.kill.auth.json"


def _missing(file: Path) -> None:
    file.unlink()


def _folder(file: Path) -> None:
    file.unlink()
    file.mkdir()


def _elsewhere(file: Path) -> None:
    outside = file.parents[2] / "secret.json"
    outside.write_text('{"secret": "hunter2"}')
    file.unlink()
    file.symlink_to(outside)


def _pipe(file: Path) -> None:
    file.unlink()
    os.mkfifo(file)


def _says(content: bytes) -> Callable[[Path], None]:
    def write(file: Path) -> None:
        file.write_bytes(content)

    return write


BROKEN: dict[str, tuple[Callable[[Path], None], str]] = {
    "missing": (_missing, "is missing"),
    "a folder": (_folder, "is missing"),
    "a pipe": (_pipe, "is missing"),
    "elsewhere": (_elsewhere, "is not in the run's directory"),
    "half written": (_says(b'{"timeline": [{"at_ms"'), "is not whole"),
    "no text": (_says(b"\xff\xfe\x00"), "is not whole"),
    "too deep": (_says(b"[" * 100_000), "is not whole"),
    "a list": (_says(b"[1]"), "is not what is written there: it is no JSON object"),
    "huge": (_says(b" " * 4_000_001), "is too large"),
}


@pytest.mark.parametrize(("breaks", "told"), BROKEN.values(), ids=BROKEN)
def test_evidence_that_is_broken_is_told(
    breaks: Callable[[Path], None], told: str, tmp_path: Path
) -> None:
    record = with_evidence(record_of(CELL), tmp_path / "run")
    breaks(tmp_path / "run" / NAME)
    page = Page(html.render(record))
    assert f"There is no evidence to show: {NAME} {told}" in page.text
    assert "hunter2" not in page.source


@pytest.mark.parametrize("name", ["../secret.json", "/etc/hostname", "a\x00b", ""])
def test_evidence_is_read_from_the_runs_directory_alone(name: str, tmp_path: Path) -> None:
    (tmp_path / "secret.json").write_text('{"secret": "hunter2"}')
    assert CELL.cell is not None
    named = replace(CELL, cell=replace(CELL.cell, evidence=name))
    page = Page(html.render(replace(record_of(named), directory=tmp_path / "run")))
    assert "There is no evidence to show" in page.text
    assert "hunter2" not in page.source


@pytest.mark.parametrize(
    "document",
    [
        {},
        {"timeline": "none", "expected": 5},
        {"timeline": [1, None, {}, {"at_ms": "x"}, {"at_ms": True}, {"at_ms": 10**400}]},
        {"timeline": [{"at_ms": 1, "service": ["x"], "status": "200", "says": {"a": 1}}]},
        {"timeline": [{"at_ms": float("nan"), "service": "auth"}]},
        {"expected": {"auth": None}, "writes": [[[[[[[[["deep"]]]]]]]]]},
        {"expected": "503", "heal_ms": "soon", "injected_ms": -5, "odd_ms": float("inf")},
    ],
)
def test_evidence_of_another_shape_is_no_broken_page(
    document: dict[str, object], tmp_path: Path
) -> None:
    record = with_evidence(record_of(CELL), tmp_path)
    (tmp_path / NAME).write_text(json.dumps(document))
    assert "faults.kill.auth" in Page(html.render(record)).text


def test_a_service_that_changes_all_the_time_does_not_fill_the_page(tmp_path: Path) -> None:
    looks = [
        {"at_ms": n, "service": "auth", "what": "health", "status": 200 + n % 2 * 303}
        for n in range(2000)
    ]
    record = with_evidence(record_of(CELL), tmp_path)
    (tmp_path / NAME).write_text(json.dumps({"timeline": looks}))
    page = Page(html.render(record))
    assert f"and 1976 more changes, in {NAME}" in page.text

"""The files that the engine leaves for each cell of the matrix of faults."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

from harness.model import Result, RunRecord
from tests.reports.matrix import DATABASE, SERVICES


def with_evidence(record: RunRecord, directory: Path) -> RunRecord:
    """The same, with a file for each cell, as the engine writes it."""
    (directory / "cells").mkdir(parents=True)
    for result in record.results:
        if result.cell:
            told = json.dumps(evidence(result), indent=1)
            (directory / result.cell.evidence).write_text(told)
    return replace(record, directory=directory)


def evidence(result: Result) -> dict[str, Any]:
    """Eight looks a second at each service, of which the one at the place fails for a while."""
    place = result.service
    expected = {name: {"health": "pass", "names": [], "settles": False} for name in SERVICES}
    if place in expected:
        expected[place] = {"health": "fail", "names": [DATABASE], "settles": False}
    assert result.cell is not None
    return {
        "id": result.id,
        "promise": result.promise,
        "broken": [{"fault": result.cell.fault, "place": place, "parameters": {"hold_s": 2.5}}],
        "expected": expected,
        "timeline": [
            _look(at_ms, service, place) for at_ms in range(0, 4000, 120) for service in SERVICES
        ],
        "complaints": [],
        "injected_ms": 380.0,
        "detected_ms": result.cell.detected_ms,
        "heal_ms": 2790.0,
        "recovered_ms": result.cell.recovered_ms,
        "uses": {"reads a secret": "refused", "logs in": "served"},
        "writes": {"acknowledged": 212, "unknown": 1},
    }


def _look(at_ms: int, service: str, place: str | None) -> dict[str, Any]:
    broken = service == place and 400 < at_ms < 2800
    what = "live" if at_ms % 480 == 0 else "health"
    says = "200 pass" if not broken or what == "live" else f"503 fail, failing: {DATABASE}"
    status = int(says[:3])
    return {"at_ms": at_ms, "service": service, "what": what, "status": status, "says": says}

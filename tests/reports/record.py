"""A finished run of given results, for reports to show."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from harness.model import Declared, Excluded, Judgement, Manifest, Reason, Result, RunRecord
from harness.verdict import judge


def record_of(
    *results: Result,
    declared: Sequence[Declared] | None = None,
    excluded: Sequence[Excluded] = (),
    troubles: Sequence[Reason] = (),
    release: str | None = None,
    command: str = "",
) -> RunRecord:
    """Declared is what has a result, unless given; the verdict is made as in a real run."""
    if declared is None:
        declared = [Declared(id=result.id, kind=result.kind) for result in results]
    verdict, reasons = judge(declared, results, troubles)
    manifest = Manifest(
        run_id="20260101T000000Z-abc",
        tool_version="0",
        environment="some",
        started_at="2026-01-01T00:00:00.000Z",
        declared=tuple(declared),
        excluded=tuple(excluded),
        release=release,
        command=command,
    )
    judgement = Judgement(
        run_id=manifest.run_id,
        tool_version="0",
        environment="some",
        release=release,
        verdict=verdict,
        reasons=reasons,
        counts=dict(Counter(str(r.outcome) for r in results if r.kind == "check")),
        started_at=manifest.started_at,
        finished_at="2026-01-01T00:00:01.500Z",
        duration_ms=1500.0,
    )
    return RunRecord(
        manifest=manifest,
        results=results,
        judgement=judgement,
        directory=Path("run"),
        sha256="0" * 64,
    )

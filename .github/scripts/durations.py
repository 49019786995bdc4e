"""What the runs of workflows come to: how many passed, and how long they took."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from math import ceil
from statistics import median
from typing import Any

PASSED = {"success"}
FAILED = {"failure", "timed_out", "startup_failure"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One run that ended.

    Attributes:
        workflow: Its file's name.
        conclusion: In GitHub's words.
        duration_s: From the start of its last attempt to its end.
    """

    workflow: str
    conclusion: str
    duration_s: float
    started: datetime
    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """One workflow. Runs that were cancelled or skipped are counted, and tell nothing else."""

    workflow: str
    passed: int
    failed: int
    neither: int
    durations_s: tuple[float, ...]
    last_failure: Run | None

    @property
    def judged(self) -> int:
        return self.passed + self.failed

    @property
    def median_s(self) -> float | None:
        return median(self.durations_s) if self.durations_s else None

    @property
    def p95_s(self) -> float | None:
        """By nearest rank: a duration that was seen."""
        if not self.durations_s:
            return None
        return sorted(self.durations_s)[ceil(0.95 * len(self.durations_s)) - 1]


def run_of(answer: Mapping[str, Any]) -> Run | None:
    """A run as GitHub tells it; None for one that has not ended.

    GitHub tells no end in its list: `updated_at` stands for it.
    """
    if answer["status"] != "completed" or not answer["conclusion"]:
        return None
    started = _instant(answer.get("run_started_at") or answer["created_at"])
    return Run(
        # `path` may name a branch after an @.
        workflow=str(answer["path"]).partition("@")[0].rpartition("/")[2],
        conclusion=str(answer["conclusion"]),
        duration_s=max(0.0, (_instant(answer["updated_at"]) - started).total_seconds()),
        started=started,
        url=str(answer["html_url"]),
    )


def summaries(runs: Iterable[Run]) -> list[Summary]:
    """One for each workflow, by name."""
    by_workflow: dict[str, list[Run]] = {}
    for run in runs:
        by_workflow.setdefault(run.workflow, []).append(run)
    return [_summary(name, by_workflow[name]) for name in sorted(by_workflow)]


def _summary(workflow: str, runs: list[Run]) -> Summary:
    failed = [run for run in runs if run.conclusion in FAILED]
    passed = [run for run in runs if run.conclusion in PASSED]
    return Summary(
        workflow=workflow,
        passed=len(passed),
        failed=len(failed),
        neither=len(runs) - len(passed) - len(failed),
        durations_s=tuple(run.duration_s for run in (*passed, *failed)),
        last_failure=max(failed, key=lambda run: run.started, default=None),
    )


def duration(seconds: float | None) -> str:
    """`1 h 05 min`, `4 min 07 s`, `9 s`."""
    if seconds is None:
        return "-"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02} s"
    return f"{whole // 3600} h {whole % 3600 // 60:02} min"


def _instant(text: str) -> datetime:
    return datetime.fromisoformat(text.replace("Z", "+00:00"))

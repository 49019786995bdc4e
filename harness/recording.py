"""What becomes of each test of a pytest session, told to the process that started it.

A JSON object a line, as soon as it is certain: a failure at once, all else when the test has been
taken down. With workers it is the session that hands out the tests which tells.
"""

import json
import os
import signal
from collections.abc import Generator, Sequence
from contextlib import suppress
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from harness.closing import NAME as CLOSING
from harness.closing import Claim, Closing, Judged
from harness.ending import finding_of, leaves
from harness.model import Finding, Outcome
from harness.requirements import declare, is_read_only, needs_of
from harness.stack.process import die_with
from harness.verdict import worst_outcome

# Where a report carries what its exception meant: a report from a worker has the text alone.
_FINDING = "keyarc_verify_finding"
# A test's property: the line that repeats its last request.
CURL = "curl"


class Recording:
    """The hooks of a session whose results are wanted.

    It ends with the process that started it. Asked to end, it takes down its tests first.
    """

    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        self._folder = Path(config.args[0]).absolute()
        self._findings: dict[str, list[Finding]] = {}
        self._durations_s: dict[str, float] = {}
        self._told: dict[str, Outcome] = {}
        declare(config)
        is_worker = hasattr(config, "workerinput")
        self._lines = None if is_worker else Path(config.getoption("results")).open("a")  # noqa: SIM115
        with suppress(ValueError):  # Not the main thread: then it is not asked.
            signal.signal(signal.SIGTERM, signal.default_int_handler)
        die_with(os.getppid(), by=signal.SIGTERM)

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        ids = set(self._config.getoption("leave_out"))
        left_out = [item for item in items if self._id(item.nodeid) in ids]
        if left_out:
            self._config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if self._id(item.nodeid) not in ids]

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        if self._config.getoption("collectonly"):
            for item in session.items:
                about = getattr(getattr(item, "obj", None), "__doc__", None) or ""
                promise = about.strip().partition("\n\n")[0]
                told = {"promise": promise, "writes": not is_read_only(item)}
                self._tell("test", id=self._id(item.nodeid), **told, needs=needs_of(item))
            for claim in self._closing.claims() if self._closing else ():
                told = {"promise": claim.promise, "writes": True, "needs": []}
                self._tell("test", id=self._claimed(claim), **told)

    def pytest_deselected(self, items: Sequence[pytest.Item]) -> None:
        if self._config.getoption("collectonly"):
            for item in items:
                self._trouble(f"{self._id(item.nodeid)} is deselected by pytest's own options")

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.outcome != "passed":
            what = "was skipped as a whole" if report.skipped else "cannot be collected"
            self._trouble(f"{report.nodeid} {what}: {_reason(report)}")

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_makereport(
        self, call: pytest.CallInfo[None]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        report = yield
        error = call.excinfo.value if call.excinfo else None
        # Plain values: a worker's report is sent as such.
        finding = {name: str(value) for name, value in asdict(_finding(report, error)).items()}
        setattr(report, _FINDING, finding)
        return report

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        id_, finding = report.nodeid, _carried(report)
        self._findings.setdefault(id_, []).append(finding)
        self._durations_s[id_] = self._durations_s.get(id_, 0.0) + report.duration
        if finding.outcome is Outcome.FAIL and self._told.get(id_) is not Outcome.FAIL:
            self._result(report, finding)
        elif report.when in ("setup", "call"):
            return  # There is more to come.
        elif id_ not in self._told:
            worst = worst_outcome(one.outcome for one in self._findings[id_])
            self._result(report, next(f for f in self._findings[id_] if f.outcome is worst))
        elif finding.outcome is not Outcome.PASS:
            self._trouble(f"{self._id(id_)} failed, and then: {finding.message}")

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        for judged in self._closing.judged if self._closing else ():
            self._judged(judged)
        # Another plugin may have changed what the argument of this name was.
        self._tell("finished", code=int(session.exitstatus))

    def _result(self, report: pytest.TestReport, finding: Finding) -> None:
        self._told[report.nodeid] = finding.outcome
        self._tell(
            "result",
            id=self._id(report.nodeid),
            **asdict(finding),
            curl=dict(report.user_properties).get(CURL, ""),
            started_at=_at(getattr(report, "start", 0.0)),
            duration_ms=self._durations_s[report.nodeid] * 1000,
        )

    def _judged(self, judged: Judged) -> None:
        id_ = self._claimed(judged.claim)
        if id_ not in self._config.getoption("leave_out"):
            self._tell(
                "result",
                id=id_,
                **asdict(judged.finding),
                curl="",
                started_at=_at(judged.started_s),
                duration_ms=judged.duration_s * 1000,
            )

    @property
    def _closing(self) -> Closing | None:
        closing: Closing | None = self._config.pluginmanager.get_plugin(CLOSING)
        return closing

    def _trouble(self, text: str) -> None:
        self._tell("trouble", text=text)

    def _tell(self, kind: str, **what: object) -> None:
        if self._lines is None:
            return
        try:
            self._lines.write(json.dumps({"kind": kind, **what}) + "\n")
            self._lines.flush()
        except BrokenPipeError:
            raise pytest.exit.Exception("nobody reads the results any more") from None

    def _claimed(self, claim: Claim) -> str:
        return f"{self._folder.name}.{claim.id}"

    def _id(self, nodeid: str) -> str:
        """`journeys.test_login.TestAgain.test_logs_in[slow]`."""
        path, _, names = _alone(nodeid).partition("::")
        file = self._config.rootpath / path
        within = file.relative_to(self._folder) if file.is_relative_to(self._folder) else Path(path)
        return ".".join((self._folder.name, *within.with_suffix("").parts, *names.split("::")))


def _alone(nodeid: str) -> str:
    """Without the group that xdist appends with `--dist loadgroup`: `test_a[1]@apart`."""
    name, at, group = nodeid.rpartition("@")
    return name if at and "::" in name and "]" not in group else nodeid


def _at(began_s: float) -> str:
    if not began_s:
        return ""
    at = datetime.fromtimestamp(began_s, UTC).isoformat(timespec="milliseconds")
    return at.replace("+00:00", "Z")


def _finding(report: pytest.TestReport, error: BaseException | None) -> Finding:
    """What the end of a test's set-up, of itself or of its tear-down means."""
    expected_to = getattr(report, "wasxfail", None)
    if isinstance(error, pytest.xfail.Exception):
        # Nothing masks a failure; that one is known is said in the environment file.
        outcome = Outcome.SKIPPED if "[NOTRUN]" in str(error) else Outcome.FAIL
        return Finding(outcome=outcome, message=f"expected to fail: {error}")
    if report.outcome == "passed":
        return Finding(outcome=Outcome.PASS)
    if report.outcome == "skipped" and expected_to is None:
        return Finding(outcome=Outcome.SKIPPED, message=_reason(report))
    if error is None:
        return Finding(outcome=Outcome.ERROR, message=_reason(report))
    findings = [_of_leaf(leaf) for leaf in leaves(error)]
    worst = worst_outcome(finding.outcome for finding in findings)
    finding = next(finding for finding in findings if finding.outcome is worst)
    if report.when == "call":
        return finding
    return Finding(outcome=Outcome.ERROR, message=f"in its {report.when}: {finding.message}")


def _of_leaf(leaf: BaseException) -> Finding:
    if not isinstance(leaf, pytest.fail.Exception):
        return finding_of(leaf, ())
    text = str(leaf)
    # pytest-timeout fails a test that hangs; whether the system or the test does, is not known.
    is_late = text.startswith("Timeout (>")
    return Finding(outcome=Outcome.ERROR if is_late else Outcome.FAIL, message=text)


def _carried(report: pytest.TestReport) -> Finding:
    plain: dict[str, Any] | None = getattr(report, _FINDING, None)
    if plain is None:  # Nobody's report: of a worker that crashed, say.
        return Finding(outcome=Outcome.ERROR, message=_reason(report))
    return Finding(**{**plain, "outcome": Outcome(plain["outcome"])})


def _reason(report: pytest.TestReport | pytest.CollectReport) -> str:
    if isinstance(report.longrepr, tuple):
        return report.longrepr[2].removeprefix("Skipped: ")
    lines = report.longreprtext.strip().splitlines()
    # pytest marks what went wrong so; the rest is the way there.
    errors = [line.removeprefix("E").strip() for line in lines if line.startswith("E  ")]
    return " ".join(errors) or "".join(lines[-1:]) or "pytest does not say why"

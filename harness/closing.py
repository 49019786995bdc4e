"""Claims about a whole session, judged at its end: what no single test can tell.

    # suites/NAME/conftest.py
    def pytest_keyarc_claims(config):
        return [Claim("coverage.auth", "Every answer of auth is seen.", FOLDER, holds)]

`holds` raises what a test would. Each claim is one more item of the verdict; where pytest is run
by hand, one that does not hold ends the session with 1. Where not all was run, what is missing may
be in the rest: then a claim that does not hold is not judged, and says why.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from harness.ending import finding_of
from harness.environment import find, parse
from harness.model import Finding, Outcome
from harness.needs import lacking
from harness.requirements import is_read_only, needs_of

NAME = "keyarc-verify-closing"
# What a worker tells of itself: how many tests it was kept from.
_LEFT_OUT = "keyarc_left_out"


@dataclass(frozen=True, slots=True)
class Claim:
    """What should hold once all has been run.

    Attributes:
        id: Such as `coverage.auth`; in a verdict the suite's name goes before it.
        folder: Of the tests that it is about.
        holds: Raises where it does not hold; knows by itself what cannot be seen in this
            environment for want of what tests need.
    """

    id: str
    promise: str
    folder: Path
    holds: Callable[[], None]


@dataclass(frozen=True, slots=True)
class Judged:
    """What became of a claim."""

    claim: Claim
    finding: Finding
    started_s: float
    duration_s: float


class Closing:
    """The hooks of a session in which claims are judged."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        self._environment = parse(find(config.getoption("env"))).to_look_at()
        self._left_out = 0
        self.judged: list[Judged] = []

    def claims(self) -> list[Claim]:
        """Those that suites make which are asked for as a whole."""
        found = self._config.hook.pytest_keyarc_claims(config=self._config)
        asked = [Path(word).resolve() for word in self._config.args]
        return [
            claim
            for claims in found
            for claim in claims
            if any(claim.folder.is_relative_to(folder) for folder in asked)
        ]

    def pytest_deselected(self, items: Sequence[pytest.Item]) -> None:
        self._left_out += sum(not self._cannot_run(item) for item in items)

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: object) -> None:
        told = getattr(node, "workeroutput", None)  # A worker that was killed has none.
        # Each of them collects all that there is.
        self._left_out = max(self._left_out, told[_LEFT_OUT] if told else 1)

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        if hasattr(self._config, "workerinput"):
            told: dict[str, int] = vars(self._config)["workeroutput"]
            told[_LEFT_OUT] = self._left_out
        elif not self._config.option.collectonly and self._environment.may_write:
            self.judged = [self._judge(claim, session) for claim in self.claims()]
            wrong = {each.finding.outcome for each in self.judged} & {Outcome.FAIL, Outcome.ERROR}
            if wrong and session.exitstatus == pytest.ExitCode.OK:
                session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        for each in self.judged:
            said, id_ = each.finding, each.claim.id
            if said.outcome in (Outcome.FAIL, Outcome.ERROR):
                terminalreporter.write_line(f"FAILED {id_}: {each.claim.promise}", red=True)
                terminalreporter.write_line(f"  {said.message}")
                if said.expected or said.came:
                    terminalreporter.write_line(f"  expected  {said.expected}")
                    terminalreporter.write_line(f"  came      {said.came}")

    def _cannot_run(self, item: pytest.Item) -> bool:
        """Whether this environment keeps a test from running; claims know that by themselves."""
        if not self._environment.may_write and not is_read_only(item):
            return True
        return any(lacking(self._environment, need) for need in needs_of(item))

    def _judge(self, claim: Claim, session: pytest.Session) -> Judged:
        started_s, began_s = time.time(), time.perf_counter()
        error: Exception | None = None
        try:
            claim.holds()
        except Exception as raised:  # noqa: BLE001  as it is with a test
            error = raised
        finding = finding_of(error, ())
        why = next(self._missing(session), None)
        if finding.outcome is Outcome.FAIL and why:
            finding = Finding(outcome=Outcome.SKIPPED, message=f"not judged: {why}")
        return Judged(claim, finding, started_s, time.perf_counter() - began_s)

    def _missing(self, session: pytest.Session) -> Iterator[str]:
        """What of all that claims are about was not run, or not to its end."""
        option = self._config.option
        if self._left_out or option.ignore or option.ignore_glob:
            yield "some tests were left out"
        if session.testsfailed:
            yield f"{session.testsfailed} tests have failed"
        if session.shouldfail or session.shouldstop or session.exitstatus not in (0, 1):
            yield "the session did not come to its end"

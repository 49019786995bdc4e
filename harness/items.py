"""Checks as pytest items, on one event loop for the session, with the runner of `smoke`."""

import asyncio
import inspect
import os
import time
from collections.abc import Iterable
from contextlib import ExitStack
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from harness import suite
from harness.check import Check, mark_of
from harness.environment import find, parse, secrets_of
from harness.errors import ContractViolation, HarnessError
from harness.lease import filled_in, leased, secrets_in
from harness.model import Declared, Manifest, Outcome, Result, Verdict
from harness.plan import Plan, merged, plan_of
from harness.records import RunDirectory
from harness.runner import Runner
from harness.verification import Verification

if TYPE_CHECKING:
    from _pytest._code.code import ExceptionInfo, TerminalRepr

HOLD = Verdict.HOLD.exit_code
PARTIAL = "run by pytest: the suites' checks alone, not all that the environment declares"


class CheckFile(pytest.Module):
    """A file of a suite. Holding no check, it would pass by testing nothing."""

    def collect(self) -> Iterable[pytest.Item | pytest.Collector]:
        found = list(super().collect())
        if not found:
            raise self.CollectError(f"{self.path.name} holds no check; mark one with @check")
        return found


class CheckItem(pytest.Item):
    """One check. `obj` and `function` are where other plugins look for a docstring."""

    check: Check
    session_run: "SessionRun"
    result: Result | None = None

    @property
    def obj(self) -> object:
        return self.check.function

    @property
    def function(self) -> object:
        return self.check.function

    def runtest(self) -> None:
        excluded = self.session_run.exclusion(self.check)
        if excluded:
            pytest.skip(excluded)
        self.result = self.session_run.run(self.check)
        declared = self.session_run.declared(self.check)
        if self.result.outcome is not Outcome.PASS and not declared.required:
            pytest.xfail(f"{declared.allowance}\n{self._told()}")
        if self.result.outcome in (Outcome.FAIL, Outcome.FLAKY):
            raise ContractViolation(self._told())
        if self.result.outcome is not Outcome.PASS:
            # Not seen is no failure of the system; pytest and Allure call it broken, not failed.
            raise HarnessError(self._told())

    def repr_failure(
        self, excinfo: "ExceptionInfo[BaseException]", style: str | None = None
    ) -> "str | TerminalRepr":
        """What the check's result says: redacted, as an exception with its values would not be."""
        return self._told() if self.result else super().repr_failure(excinfo)

    def reportinfo(self) -> tuple[Path, int, str]:
        return self.path, inspect.getsourcelines(self.check.function)[1] - 1, self.name

    def _told(self) -> str:
        result = self.result
        assert result is not None, "told once there is a result"
        lines = [f"{result.outcome.upper()} {result.id}", result.promise, result.message]
        if result.expected or result.came:
            lines += [f"expected  {result.expected}", f"came      {result.came}"]
        return "\n".join(line for line in [*lines, result.curl] if line)


class SessionRun:
    """The verification that a pytest session makes up; begins with the first check that runs."""

    def __init__(self, env: str, session: pytest.Session) -> None:
        self.file = find(env)
        self.rehearse = bool(session.config.getoption("rehearse"))
        self.database = session.config.getoption("database")
        self.environment = parse(self.file).to_look_at()
        self.suites = [suite.load(package) for package in self.environment.suites]
        self._session = session
        self._stack = ExitStack()
        self._results: dict[str, Result] = {}
        self._begun: tuple[asyncio.Runner, Runner, Verification, Manifest] | None = None
        self._started_s = 0.0

    def run(self, check: Check) -> Result:
        """Runs one check."""
        try:
            loop, runner, _, _ = self._begun or self._begin()
        except HarnessError as error:
            self._stack.close()
            raise pytest.exit.Exception(str(error), returncode=HOLD) from None
        loop.run(runner.run_check(check))
        runner.settle()
        return self._results[check.id]

    @cached_property
    def _plan(self) -> Plan:
        checks = [item.check for item in self._session.items if isinstance(item, CheckItem)]
        return plan_of(self.environment, checks, resources=merged(self.suites))

    def exclusion(self, check: Check) -> str | None:
        """Why a check does not run here; None where it does."""
        return next((e.reason for e in self._plan.excluded if e.id == check.id), None)

    def declared(self, check: Check) -> Declared:
        return next(declared for declared in self._plan.declared if declared.id == check.id)

    def finish(self) -> Path | None:
        """Removes what was set up and writes the verdict; where it can be found."""
        if self._begun is None:
            return None
        loop, runner, verification, manifest = self._begun
        with self._stack:
            loop.run(runner.close())
            verification.trouble(PARTIAL)
            duration_ms = (time.perf_counter() - self._started_s) * 1000
            return verification.conclude(manifest, duration_ms).directory

    def _begin(self) -> tuple[asyncio.Runner, Runner, Verification, Manifest]:
        self._started_s = time.perf_counter()
        references = self._stack.enter_context(
            leased(
                self.file,
                self.environment,
                _say_nothing,
                rehearse=self.rehearse,
                database=self.database,
            )
        )
        directory = Path(self._session.config.getoption("run"))
        environment = filled_in(self.environment, references, rehearse=self.rehearse)
        verification = Verification(
            plan=self._plan,
            environment=environment,
            directory=RunDirectory(directory),
            run_id=directory.name,
            timeout_s=3600,
            listener=lambda result: self._results.update({result.id: result}),
            secrets=[*secrets_in(references), *secrets_of(environment, os.environ)],
        )
        means = verification.means()
        means.client.prepare()
        manifest = verification.declare()
        loop = self._stack.enter_context(asyncio.Runner())
        runner = Runner(verification.plan, means, verification.on_result)
        self._stack.callback(lambda: loop.run(means.client.close()))
        self._begun = loop, runner, verification, manifest
        return self._begun


class Items:
    """The hooks that a session with `--env` has in addition."""

    def __init__(self, config: pytest.Config) -> None:
        env = config.getoption("env")
        packages = parse(find(env)).suites
        for package in packages:
            pytest.register_assert_rewrite(package)
        self._env = env
        self._files = {
            f.resolve(): package for package in packages for f in suite.check_files(package)
        }
        self._run: SessionRun | None = None
        self._directory: Path | None = None

    def pytest_sessionstart(self, session: pytest.Session) -> None:
        self._run = SessionRun(self._env, session)

    def pytest_collect_file(
        self, file_path: Path, parent: pytest.Collector
    ) -> pytest.Collector | None:
        """Files of suites need no `test_`; pytest itself takes those that are named."""
        if file_path.resolve() not in self._files or parent.session.isinitpath(file_path):
            return None
        return CheckFile.from_parent(parent, path=file_path)

    def pytest_pycollect_makemodule(
        self, module_path: Path, parent: pytest.Collector
    ) -> pytest.Module | None:
        if module_path.resolve() not in self._files:
            return None
        return CheckFile.from_parent(parent, path=module_path)

    def pytest_pycollect_makeitem(
        self, collector: pytest.Module, name: str, obj: object
    ) -> CheckItem | None:
        mark = mark_of(obj)
        package = self._files.get(collector.path.resolve())
        if mark is None or not mark.service or package is None:
            return None
        checks = {check.function: check for check in suite.checks_of(collector.obj, package)}
        if obj not in checks:
            return None
        item = CheckItem.from_parent(collector, name=name)
        assert self._run is not None, "collection comes after the start of the session"
        item.check, item.session_run = checks[obj], self._run
        return item

    def pytest_sessionfinish(self) -> None:
        self._directory = self._run.finish() if self._run else None

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        if self._directory is not None:
            terminalreporter.write_line(f"evidence {self._directory}")


def _say_nothing(line: str) -> None:
    return

"""What a folder of plain pytest tests against KeyArc has: its `conftest.py` imports all of this.

The fixture `visit` is KeyArc in the environment that `--env` names. Where tests run in several
processes, the one that hands them out starts the stack, should one be needed.
"""

import os
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from harness.confirmation import Budget
from harness.environment import find, missing, parse
from harness.errors import HarnessError, UsageError
from harness.lease import filled_in, leased
from harness.model import Verdict
from suites.keyarc.visit import Visit, concluded, tell, visiting

__all__ = ["pytest_configure", "pytest_sessionfinish", "pytest_sessionstart", "visit"]

# The services that a client of KeyArc talks to.
PUBLIC = ("frontend", "auth", "gateway")
# What rate limits may cost a session, all in all.
PATIENCE_S = 300.0
HOLD = Verdict.HOLD.exit_code
VISIT = pytest.StashKey[Visit]()


def pytest_configure(config: pytest.Config) -> None:
    env = config.getoption("env", None)
    if not env:
        raise pytest.UsageError("these tests are about KeyArc: say where with --env, `--env local`")
    try:
        environment = parse(find(env)).to_look_at()
    except UsageError as error:
        raise pytest.UsageError(str(error)) from None
    unknown = [name for name in PUBLIC if name not in environment.services]
    if unknown:
        raise pytest.UsageError(
            f"these tests are about KeyArc: {env} has no service {' and no '.join(unknown)}"
        )
    if not config.getoption("rehearse") and not config.option.collectonly:
        lacking = [f"{each.name}: {each.purpose}" for each in missing(environment, os.environ)]
        if lacking:
            raise pytest.UsageError("\n".join(["these variables are not set:", *lacking]))


def limit(config: pytest.Config, items: list[pytest.Item], limit_s: float) -> None:
    """How long each test may take, where pytest-timeout is there to see to it; 0: for ever."""
    if any(map(config.pluginmanager.hasplugin, ("timeout", "pytest_timeout"))):
        for item in items:
            item.add_marker(pytest.mark.timeout(limit_s))


def pytest_sessionstart(session: pytest.Session) -> None:
    config = session.config
    if not _hands_out(config):
        return
    stack = ExitStack()
    config.add_cleanup(stack.close)
    file, rehearse = find(config.getoption("env")), bool(config.getoption("rehearse"))
    declared = parse(file).to_look_at()
    started = leased(file, declared, tell, rehearse=rehearse, database=config.getoption("database"))
    references = stack.enter_context(started)
    filled_in(declared, references, rehearse=rehearse)


def pytest_sessionfinish(session: pytest.Session) -> None:
    config = session.config
    # Who is told the results keeps the journal with them.
    if not hasattr(config, "workerinput") and not config.getoption("results"):
        concluded(config.getoption("env"), Path(config.getoption("run")))


def _hands_out(config: pytest.Config) -> bool:
    """Whether this process only hands tests out to others. None of those would know whether it is
    the one that has to start the stack."""
    has_workers = getattr(config.option, "dist", "no") != "no"
    return has_workers and not hasattr(config, "workerinput") and not config.option.collectonly


def _sharers(config: pytest.Config) -> int:
    return int(getattr(config, "workerinput", {}).get("workercount", 1))


@pytest.fixture(scope="session")
def visit(pytestconfig: pytest.Config) -> Iterator[Visit]:
    """KeyArc, with a journal of all users that are made in it."""
    run = Path(pytestconfig.getoption("run"))
    run.mkdir(parents=True, exist_ok=True)
    with ExitStack() as stack:
        try:
            visit = stack.enter_context(
                visiting(
                    pytestconfig.getoption("env"),
                    run,
                    rehearse=bool(pytestconfig.getoption("rehearse")),
                    database=pytestconfig.getoption("database"),
                    patience=Budget(time.monotonic() + PATIENCE_S),
                    sharers=_sharers(pytestconfig),
                )
            )
        except HarnessError as error:
            # No test would have more to say than this.
            raise pytest.exit.Exception(str(error), returncode=HOLD) from None
        pytestconfig.stash[VISIT] = visit
        yield visit

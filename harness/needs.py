"""What a test needs beside the system's addresses, by its marker `needs`.

    @pytest.mark.needs("secret:jwt-secret")     insight.secrets of the environment file
    @pytest.mark.needs("database")              insight.database
    @pytest.mark.needs("logs")                  insight.logs
    @pytest.mark.needs("stack")                 the environment's own stack can be started here
    @pytest.mark.needs("browser")               Chromium on the PATH, and Playwright to drive it

A test whose needs are not met is not run, and the report says why. What a CI runner can install is
never missed in silence there: where `CI` is set, the test runs, and fails for want of it.
"""

import os
import shutil
from importlib.util import find_spec

from harness.environment import Environment
from harness.errors import UsageError

MARKER = "needs"
BROWSERS = ("chromium", "chromium-browser", "google-chrome")


def lacking(environment: Environment, need: str) -> str | None:
    """Why a need is not met in an environment; None where it is.

    Raises:
        UsageError: There is no such need.
    """
    kind, _, name = need.partition(":")
    insight = environment.insight
    if kind == "secret" and name:
        return None if name in insight.secrets else _not_given(f"secrets.{name}")
    if need == "database":
        return None if insight.database is not None else _not_given(need)
    if need == "logs":
        return None if insight.logs is not None else _not_given(need)
    if need == "stack":
        # What a rehearsal starts stands for the environment; it is none of its own.
        is_own = environment.stack is not None and environment.rehearsal is None
        return None if is_own else "needs a `stack` of the environment's own, to be started here"
    if need == "browser":
        return None if os.environ.get("CI") else _without_browser()
    raise UsageError(
        f"there is no need {need!r}; known: secret:NAME, database, logs, stack, browser"
    )


def browser() -> str | None:
    """The path of a Chromium."""
    return next(filter(None, map(shutil.which, BROWSERS)), None)


def _not_given(what: str) -> str:
    return f"the environment does not give insight.{what}"


def _without_browser() -> str | None:
    if find_spec("playwright") is None:
        return "needs a browser: `pip install 'keyarc-verify[browser]'`"
    return None if browser() else "needs a browser: there is no chromium on the PATH"

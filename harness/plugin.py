"""The pytest plugin: `pytest suites/smoke --env NAME` runs a suite's checks as items.

It is loaded with every pytest run, so it imports nothing unless `--env` or `--results` is
given.
"""

import inspect
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Sequence

    from harness.closing import Claim

# What a worker is told: the run's directory, and whether tests of a group stay together.
_RUN, _GROUPED = "keyarc_run", "keyarc_grouped"


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("keyarc-verify")
    group.addoption(
        "--env", metavar="NAME|FILE", help="The environment whose suites are run as tests."
    )
    group.addoption(
        "--rehearse",
        action="store_true",
        help="With --env: a stack of this machine stands for a deployed environment.",
    )
    group.addoption(
        "--database",
        metavar="SOURCE",
        help="With --env: where its stack has its database from: embedded, container, existing.",
    )
    group.addoption(
        "--shuffle",
        metavar="SEED",
        help="Run the tests in another order, the same for the same seed.",
    )
    group.addoption("--run", metavar="DIR", help="The run's directory, whose name is the run's id.")
    group.addoption("--results", metavar="FILE", help="Where keyarc-verify is told of each test.")
    group.addoption(
        "--leave-out",
        metavar="ID",
        action="append",
        default=[],
        help="With --results: a test that does not run.",
    )


class Hooks:
    """What a suite's `conftest.py` may tell us beside what pytest asks."""

    def pytest_keyarc_claims(self, config: pytest.Config) -> "Sequence[Claim]":
        """Claims about the whole session; see harness.closing."""
        raise NotImplementedError  # pytest asks those who have such a hook.


def pytest_addhooks(pluginmanager: pytest.PytestPluginManager) -> None:
    pluginmanager.add_hookspecs(Hooks)


def pytest_configure(config: pytest.Config) -> None:
    if config.getoption("env"):
        from harness.closing import NAME, Closing
        from harness.errors import UsageError
        from harness.items import Items
        from harness.records import DEFAULT_PARENT, new_run_id
        from harness.requirements import Requirements
        from harness.stack.source import SOURCES

        if config.getoption("database") not in (None, *SOURCES):
            raise pytest.UsageError(f"--database: one of {', '.join(SOURCES)} is needed")
        told = getattr(config, "workerinput", {}).get(_RUN)
        config.option.run = config.option.run or told or str(DEFAULT_PARENT / new_run_id())
        try:
            config.pluginmanager.register(Items(config), "keyarc-verify-items")
            config.pluginmanager.register(Requirements(config), "keyarc-verify-requirements")
            config.pluginmanager.register(Closing(config), NAME)
        except UsageError as error:
            raise pytest.UsageError(str(error)) from None
    if config.getoption("results"):
        from harness.recording import Recording

        config.pluginmanager.register(Recording(config), "keyarc-verify-recording")


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Workers read the command line anew: what we chose ourselves they have to be told."""
    node.workerinput[_RUN] = node.config.getoption("run")
    node.workerinput[_GROUPED] = node.config.option.dist == "loadgroup"


@pytest.hookimpl(tryfirst=True)
def pytest_cmdline_main(config: pytest.Config) -> None:
    if hasattr(config, "workerinput"):
        config.option.loadgroup = config.workerinput[_GROUPED]


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    seed = config.getoption("shuffle")
    if seed is not None:
        import random

        random.Random(seed).shuffle(items)  # noqa: S311  nothing is secret about an order


def pytest_pycollect_makeitem(collector: pytest.Module, name: str, obj: object) -> None:
    """A check in a file that was named would silently not run: that is an error.

    Files of tests may hold checks, to test them.
    """
    marked = inspect.isfunction(obj) and "__keyarc_verify__" in vars(obj)
    if marked and not collector.config.getoption("env") and not _is_test_file(collector):
        raise collector.CollectError(f"{name} is part of a suite: say where to run it with --env")


def _is_test_file(collector: pytest.Module) -> bool:
    return any(collector.path.match(pattern) for pattern in collector.config.getini("python_files"))

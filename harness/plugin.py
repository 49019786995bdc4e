"""The pytest plugin: `pytest suites/smoke --env NAME` runs a suite's checks as items.

It is loaded with every pytest run, so it imports nothing unless `--env` or `--results` is
given.
"""

import inspect

import pytest


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


def pytest_configure(config: pytest.Config) -> None:
    if config.getoption("env"):
        from harness.errors import UsageError
        from harness.items import Items
        from harness.records import DEFAULT_PARENT, new_run_id
        from harness.requirements import Requirements

        # Workers are given the options of who hands out their tests.
        config.option.run = config.option.run or str(DEFAULT_PARENT / new_run_id())
        try:
            config.pluginmanager.register(Items(config), "keyarc-verify-items")
            config.pluginmanager.register(Requirements(config), "keyarc-verify-requirements")
        except UsageError as error:
            raise pytest.UsageError(str(error)) from None
    if config.getoption("results"):
        from harness.recording import Recording

        config.pluginmanager.register(Recording(config), "keyarc-verify-recording")


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

"""Which tests of a suite may run in an environment, as their markers say."""

import pytest

from harness.environment import Environment, find, parse
from harness.needs import MARKER, lacking

READ_ONLY = "read_only"
NOT_HERE = "makes data, and this environment is read-only (policy.write)"


def needs_of(item: pytest.Item) -> list[str]:
    """What a test needs, as its markers name it."""
    return [need for marker in item.iter_markers(MARKER) for need in marker.args]


def is_read_only(item: pytest.Item) -> bool:
    return item.get_closest_marker(READ_ONLY) is not None


class Requirements:
    """The hooks of a session with `--env`: what cannot run there is skipped, and says why."""

    def __init__(self, config: pytest.Config) -> None:
        self._environment: Environment = parse(find(config.getoption("env"))).to_look_at()
        declare(config)

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_setup(self, item: pytest.Item) -> None:
        if not isinstance(item, pytest.Function):
            return  # A check says by itself what it needs.
        if not self._environment.may_write and not is_read_only(item):
            pytest.skip(NOT_HERE)
        for need in needs_of(item):
            if why := lacking(self._environment, need):
                pytest.skip(why)


def declare(config: pytest.Config) -> None:
    """Makes the markers known."""
    for line in (
        f"{READ_ONLY}: makes no data, and so runs in a read-only environment too.",
        f"{MARKER}(what): is not run where that is missing; harness/needs.py names what there is.",
    ):
        config.addinivalue_line("markers", line)

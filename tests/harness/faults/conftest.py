"""KeyArc with links and with a disk of its own, in which each fault is put in, one by one."""

import asyncio
from collections.abc import Coroutine, Iterator
from typing import Any, TypeVar

import pytest

from harness.environment import find, parse
from harness.lease import filled_in
from harness.matrix.lane import DISK
from harness.matrix.site import StackSite
from harness.stack.launch import Wanted, running
from harness.stack.state import StateDirectory
from harness.variant import write
from tests.harness.faults.seeing import healthy

T = TypeVar("T")


class Ground:
    """A running system, and the loop in which what faults do meanwhile goes on."""

    def __init__(self, site: StackSite, runner: asyncio.Runner) -> None:
        self.site = site
        self._runner = runner

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        return self._runner.run(work)


@pytest.fixture(scope="session")
def ground(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ground]:
    folder = tmp_path_factory.mktemp("faults")
    file = write(find("local"), folder, {}, postgres=DISK)
    state = StateDirectory(folder / "state")
    wanted = Wanted(env=file, state_dir=state.path, links=True)
    with running(wanted, progress=lambda _: None) as references, asyncio.Runner() as runner:
        site = StackSite(filled_in(parse(file).to_look_at(), references), references, state)
        runner.run(healthy(site))
        yield Ground(site, runner)
        runner.run(site.close())

"""The services of a release ended, and started again: `python -m bench.restart FILE RELEASE`.

This is what a rollback on the local stack cannot do without. The services that a release consists
of run the stored code, each a fork of one parent that has imported everything, on a socket that
stays bound, with the settings and the database of the stack that is up: as the stack's supervisor
starts them. Then all are told to end, at once; each is forked again as soon as it has ended; and it
is over when the last one says that it has started. Nobody is served meanwhile, nothing is checked,
decided or written down, and there is no order to keep.

It tells the seconds.
"""

import gc
import os
import signal
import sys
import time
from collections.abc import Mapping
from pathlib import Path

from harness.environment import Stack, parse, substitute
from harness.errors import HarnessError
from harness.stack import process, program, sockets
from harness.stack.code import Code
from harness.stack.preload import preload
from harness.stack.releases import store_of
from harness.stack.state import StateDirectory, default_directory
from harness.stack.stock import Stock

LOG = Path("restart.log")
LIMIT_S = 60


class Restart:
    """The services, from `start` to `end`; should this process die before, they die with it."""

    def __init__(self, file: Path, release: str) -> None:
        environment, directory = parse(file), StateDirectory(default_directory(file.stem))
        references = directory.references()
        if environment.stack is None or references is None:
            raise SystemExit(f"{file.stem} is not up here")
        stored = store_of(directory.path).find(release)
        code = Stock(directory, environment).code(stored.identity, release)
        for _ in preload(environment.stack):
            pass
        gc.freeze()
        known = {**references, "stack:release": release}
        self._services = [
            _service(f"{name}-{number}", environment.stack, name, known, code)
            for name, declared in environment.services.items()
            if name in environment.stack.services
            for number in range(1, declared.instances + 1)
        ]
        self._running: dict[int, program.Service] = {}

    def start(self) -> None:
        """Returns when all have started."""
        _all_ready([self._fork(service) for service in self._services])

    def restart(self) -> float:
        """Seconds from the first one's order to end to the last one's word that it has started."""
        started_s = time.perf_counter()
        for pid in self._running:
            os.kill(pid, signal.SIGTERM)
        ends = []
        for _ in self._services:
            pid, _ = os.wait()
            ends.append(self._fork(self._running.pop(pid)))
        _all_ready(ends)
        return time.perf_counter() - started_s

    def end(self) -> None:
        for pid in self._running:
            os.kill(pid, signal.SIGTERM)
        for pid in self._running:
            os.waitpid(pid, 0)

    def _fork(self, service: program.Service) -> int:
        """Starts one; returns where it says that it has started."""
        read, write = os.pipe()

        def run() -> None:
            process.write_to(LOG.absolute())
            os.close(read)
            service.run(lambda: os.write(write, b"1"))

        self._running[process.fork(run)] = service
        os.close(write)
        return read


def _service(
    instance: str, stack: Stack, name: str, known: Mapping[str, str], code: Code
) -> program.Service:
    declared = stack.services[name]
    if declared.python is None:
        raise SystemExit(f"{name} is a command; this restarts what is forked")
    values = {**known, "stack:instance": instance}
    own = {
        key: substitute(text, values, os.environ)
        for key, text in {**stack.env, **declared.env}.items()
    }
    held = program.Sockets(sockets.listen(name))
    return program.Service(declared.python, program.environment_of(own), held, code)


def _all_ready(ends: list[int]) -> None:
    for end in ends:
        if os.read(end, 1) != b"1":
            raise SystemExit(f"a service did not start:\n{LOG.read_text()[-2000:]}")
        os.close(end)


def main(file: str, release: str) -> None:
    signal.alarm(LIMIT_S)
    try:
        services = Restart(Path(file), release)
    except HarnessError as error:
        raise SystemExit(str(error)) from None
    try:
        services.start()
        print(services.restart())
    finally:
        services.end()


if __name__ == "__main__":
    main(*sys.argv[1:])

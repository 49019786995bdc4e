"""Many processes that add to one ledger, and are killed at seeded moments: `python -m`, as a whole.

Prints, as JSON, which entries were acknowledged: told by a writer after `append` had returned.
"""

import json
import os
import random
import select
import signal
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass

from harness.ledger import _disk
from harness.ledger.file import open_ledger
from tests.harness.ledger.noted import ENVIRONMENT, noted

WRITERS = 4
# How many a writer adds that is left alone.
LIMIT = 12
_SLOW_S = 0.001


@dataclass
class Writer:
    """A process that adds `NAME-0`, `NAME-1` and so on."""

    name: str
    path: str
    pid: int = 0
    acknowledgements: int = -1
    told: str = ""

    def start(self) -> None:
        self.acknowledgements, theirs = os.pipe()
        self.pid = os.fork()
        if self.pid == 0:
            try:
                self._write(theirs)
            finally:
                os._exit(0)
        os.close(theirs)

    def _write(self, acknowledgements: int) -> None:
        ledger = open_ledger({"path": self.path}, ENVIRONMENT)
        for number in range(LIMIT):
            release = f"{self.name}-{number}"
            ledger.append(noted(release=release))
            os.write(acknowledgements, f"{release}\n".encode())

    def listen(self) -> bool:
        """Takes what it says; whether it may say more."""
        said = os.read(self.acknowledgements, 4096).decode()
        self.told += said
        return bool(said)

    def end(self) -> None:
        while self.listen():
            pass
        os.close(self.acknowledgements)
        os.waitpid(self.pid, 0)


def slowly(number: int, data: bytes) -> None:
    """A disk on which every line takes its time, so that a kill can tear it."""
    half = len(data) // 2
    os.write(number, data[:half])
    time.sleep(_SLOW_S)
    os.write(number, data[half:])


def one_round(path: str, name: str, kill: Callable[[list[Writer]], None]) -> list[str]:
    writers = [Writer(f"{name}-{number}", path) for number in range(WRITERS)]
    for writer in writers:
        writer.start()
    kill(writers)
    for writer in writers:
        writer.end()
    return [line for writer in writers for line in writer.told.split()]


def killed(generator: random.Random) -> Callable[[list[Writer]], None]:
    """All of them, one by one, from a seeded number of acknowledgements on."""

    def kill(writers: list[Writer]) -> None:
        wanted, open_ones = generator.randrange(LIMIT), list(writers)
        while open_ones and sum(writer.told.count("\n") for writer in writers) < wanted:
            ready = select.select([writer.acknowledgements for writer in open_ones], [], [])[0]
            for writer in [each for each in open_ones if each.acknowledgements in ready]:
                if not writer.listen():
                    open_ones.remove(writer)
        for writer in generator.sample(writers, len(writers)):
            time.sleep(generator.uniform(0, 2 * _SLOW_S))
            os.kill(writer.pid, signal.SIGKILL)

    return kill


def main(path: str, seed: str, rounds: str, slow: str) -> None:
    generator = random.Random(int(seed))
    if slow == "slow":
        _disk._write = slowly
    told = []
    for number in range(int(rounds)):
        told += one_round(path, str(number), killed(generator))
    told += one_round(path, "last", lambda writers: None)
    json.dump(told, sys.stdout)


if __name__ == "__main__":
    main(*sys.argv[1:])

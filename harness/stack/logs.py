"""What the processes of a stack wrote, each line with its writer's name."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path

from harness.errors import UsageError
from harness.stack.state import StateDirectory

POLL_S = 0.1

Write = Callable[[str], object]


class Logs:
    """The logs of one stack.

    Args:
        state_dir: The stack's.
        names: Processes or services; all when empty.

    Raises:
        UsageError: There are none, or none of that name.
    """

    def __init__(self, state_dir: Path, names: list[str]) -> None:
        logs = StateDirectory(state_dir).logs
        files = {file.stem: file for file in sorted(logs.glob("*.log"))}
        if not files:
            raise UsageError(f"{state_dir}: nothing is up here, and nothing has left logs")
        for name in names:
            if not any(_is_of(process, name) for process in files):
                raise UsageError(f"no logs of {name!r}; there are {', '.join(files)}")
        self._files = {
            process: file
            for process, file in files.items()
            if not names or any(_is_of(process, name) for name in names)
        }
        self._read_bytes: dict[str, int] = {}

    def last(self, count: int, write: Write) -> None:
        """Writes the last lines of each."""
        for process in self._files:
            for line in list(self._news(process))[-count:] if count else []:
                write(line)

    def follow(self, write: Write) -> None:
        """Writes what is added, until interrupted or until the stack has ended."""
        while any(file.exists() for file in self._files.values()):
            for process in self._files:
                for line in self._news(process):
                    write(line)
            time.sleep(POLL_S)

    def _news(self, process: str) -> Iterator[str]:
        """Whole lines since the last look."""
        try:
            with self._files[process].open("rb") as file:
                file.seek(self._read_bytes.get(process, 0))
                data = file.read()
        except FileNotFoundError:
            return
        whole = data[: data.rfind(b"\n") + 1]
        self._read_bytes[process] = self._read_bytes.get(process, 0) + len(whole)
        for line in whole.decode(errors="replace").splitlines():
            yield f"{process:<12} | {line}\n"


def _is_of(process: str, name: str) -> bool:
    return process == name or process.rpartition("-")[0] == name

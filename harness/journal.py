"""A run's journal: what suites made in the system under test, and what of it is gone again.

    {"run_id": "20260102T030405Z-9f3a1c", "environment": "staging"}       by each who writes, first
    {"event": "created", "kind": "user", "name": "a@b.example", "at": …}  before it is made
    {"event": "removed", "kind": "user", "name": "a@b.example", "at": …}  when it is gone

So what a killed run left behind can be found and removed later. Names only, never secrets. Several
processes may write to one. Each holds a lock on it for as long as it lives: whoever gets the
journal for themselves alone knows that the run is over.
"""

import fcntl
import io
import json
import os
import shlex
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from harness.environment import Environment
from harness.errors import RecordsError
from harness.records import DEFAULT_PARENT, explained, now, run_id_of, write_line

JOURNAL = "journal.jsonl"
CREATED, REMOVED = "created", "removed"


class Journal:
    """What was made in the system under test, noted before it is made.

    Args:
        environment: Where, as `place_of` says it.

    Attributes:
        run_id: What everything that the run makes should carry.
    """

    def __init__(
        self, directory: Path, run_id: str | None = None, environment: str = "unknown"
    ) -> None:
        self.run_id = run_id or run_id_of(directory)
        self._environment = environment
        self._file = directory / JOURNAL
        # A number, and so not closed by chance: the lock is to last.
        self._opened: int | None = None
        self._left: dict[tuple[str, str], None] = {}

    def created(self, kind: str, name: str) -> None:
        """To be called before the request that makes it.

        Args:
            kind: What it is, such as `user`; a sweeper of this kind can remove it.
            name: What it can be found by, such as an email address.
        """
        self._left[kind, name] = None
        self._note(CREATED, kind, name)

    def removed(self, kind: str, name: str) -> None:
        self._left.pop((kind, name), None)
        self._note(REMOVED, kind, name)

    def left(self) -> list[str]:
        """What this process has made and not removed: `user a@b.example`."""
        return [f"{kind} {name}" for kind, name in self._left]

    def close(self) -> None:
        """Nothing more is written; whoever waits for that may have the journal."""
        if self._opened is not None:
            os.close(self._opened)
            self._opened = None

    def _note(self, event: str, kind: str, name: str) -> None:
        with explained(self._file):
            if self._opened is None:
                self._opened = os.open(self._file, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
                # Waits for who removes what an earlier run has left.
                fcntl.flock(self._opened, fcntl.LOCK_SH)
                head = {"run_id": self.run_id, "environment": self._environment}
                write_line(self._opened, head)
            write_line(self._opened, {"event": event, "kind": kind, "name": name, "at": now()})


@dataclass(frozen=True, slots=True)
class Made:
    """Something that a run made in the system, by its kind and name."""

    kind: str
    name: str
    at: datetime

    def __str__(self) -> str:
        return f"{self.kind} {self.name}"


@dataclass(frozen=True, slots=True)
class Account:
    """What a journal says.

    Attributes:
        left: What was made and not removed, in the order of its making.
    """

    run_id: str
    environment: str
    left: tuple[Made, ...]


class Taken:
    """The journal of a run that is over, for who removes what it left."""

    def __init__(self, stream: io.FileIO, file: Path) -> None:
        self._stream = stream
        self._file = file

    def removed(self, made: Made) -> None:
        told = {"event": REMOVED, "kind": made.kind, "name": made.name, "at": now()}
        with explained(self._file):
            # What was cut off said nothing, and would run into the next line.
            os.truncate(self._stream.fileno(), self._file.read_bytes().rfind(b"\n") + 1)
            write_line(self._stream.fileno(), told)


def place_of(environment: Environment) -> str:
    """Where things are made, as journals say it: what is rehearsed is not there, but here."""
    here = " on this machine" if environment.network.loopback_only else ""
    return f"{environment.name}{here}"


def read(file: Path) -> Account:
    """What a journal says. Its last line may have been cut off: it tells nothing then.

    Raises:
        RecordsError: It cannot be read, or is no journal of this version; names the line.
    """
    with explained(file, "read"):
        lines = file.read_bytes().split(b"\n")[:-1]
    heads: set[tuple[str, str]] = set()
    left: dict[tuple[str, str], Made] = {}
    for number, line in enumerate(lines, 1):
        try:
            _take(json.loads(line), heads, left)
        except (ValueError, LookupError, TypeError):
            raise RecordsError(
                f"{file}: line {number} is none of a journal of this version"
            ) from None
    run_id, environment = next(iter(heads), (file.parent.name, ""))
    return Account(run_id, environment, tuple(left.values()))


def left_in(directory: Path) -> list[str]:
    """What all processes of a run together have left, as far as its journal tells."""
    file = directory / JOURNAL
    return [str(made) for made in read(file).left] if file.exists() else []


def how_to_remove(env: str, directory: Path) -> str:
    """The command that removes what a run left, for whoever reads about it.

    Args:
        env: The environment as the user named it.
    """
    words = ["keyarc-verify", "sweep", "--env", env, "--older-than", "0s"]
    if not directory.resolve().is_relative_to(DEFAULT_PARENT.resolve()):
        words += ["--runs", str(directory)]
    return f"`{shlex.join(words)}` removes it"


def journals(folder: Path) -> list[Path]:
    """All that lie below a folder, in the order of their names."""
    return sorted(folder.rglob(JOURNAL))


@contextmanager
def taken(file: Path) -> Iterator[Taken | None]:
    """A journal for oneself alone; None while the run goes on, or another removes what it left.

    Raises:
        RecordsError: It cannot be written.
    """
    with explained(file):
        stream = file.open("ab", buffering=0)
    with stream:
        if not _is_free(stream):
            yield None
            return
        yield Taken(stream, file)


def goes_on(file: Path) -> bool:
    """Whether a run still writes to its journal."""
    with explained(file, "read"), file.open("rb", buffering=0) as stream:
        return not _is_free(stream)


def _is_free(stream: io.FileIO) -> bool:
    try:
        fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _take(
    told: dict[str, str], heads: set[tuple[str, str]], left: dict[tuple[str, str], Made]
) -> None:
    """Takes in what one line says. Raises ValueError, LookupError, TypeError: it says nothing."""
    if "event" not in told:
        heads.add((told["run_id"], told["environment"]))
    else:
        made = Made(told["kind"], told["name"], datetime.fromisoformat(told["at"]))
        if told["event"] == CREATED and made.at.tzinfo is not None:
            left[made.kind, made.name] = made
        elif told["event"] == REMOVED:
            left.pop((made.kind, made.name), None)
        else:
            raise ValueError
    # It is of one run in one place, and says so first.
    (_,) = heads

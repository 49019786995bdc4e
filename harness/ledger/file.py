"""The ledger as a file of JSON lines below the current directory, or where `path` says.

`path` is a file where it ends in `.jsonl`, and else a directory that holds `<environment>.jsonl`.

Appends come one after the other, by a lock on the file, and are on the disk when they return. What
a writer that was killed left of a line is no entry: readers pass over it, and the next append moves
it to a file beside, `<file>.torn-1` and so on. A line that is complete and cannot be read is an
error, for reading and for appending: nothing is overwritten, and nothing goes on after it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from harness.errors import LedgerError, UsageError
from harness.ledger._disk import existing, made_for_appending
from harness.ledger._entry import Entry
from harness.ledger._line import entry_of, is_json, line_of

_FOLDER = Path(".keyarc-verify/ledger")
_SUFFIX = ".jsonl"


def open_ledger(settings: Mapping[str, str], environment: str) -> "FileLedger":
    """The ledger of an environment; nothing is made before the first entry.

    Raises:
        UsageError: A setting is unknown, or empty.
    """
    unknown = sorted(set(settings) - {"path"})
    if unknown:
        raise UsageError(f"ledger.settings: the ledger `file` knows no {unknown[0]!r}; known: path")
    if not settings.get("path", "."):
        raise UsageError("ledger.settings.path: empty; write a directory, or a file in .jsonl")
    path = Path(settings.get("path", _FOLDER))
    file = path if path.suffix == _SUFFIX else path / f"{environment}{_SUFFIX}"
    return FileLedger(file=Path.cwd() / file, environment=environment)


@dataclass(frozen=True, slots=True)
class FileLedger:
    """The entries of one environment, in one file."""

    file: Path
    environment: str

    def __str__(self) -> str:
        """Where it is, for people."""
        return str(self.file)

    def entries(self) -> list[Entry]:
        """All of them, the oldest first; none where the file is not there yet."""
        with existing(self.file) as locked:
            return [] if locked is None else self._read(locked.content)[0]

    def append(self, entry: Entry) -> None:
        line = line_of(entry)
        try:
            entry_of(line, self.environment)
        except ValueError as problem:
            raise LedgerError(f"{self.file}: what was to be added {problem}") from None
        with made_for_appending(self.file) as locked:
            whole = self._read(locked.content)[1]
            if whole < len(locked.content):
                locked.move_aside(whole)
            # The last writer's end, or an editor, may have taken the end of the last line.
            between = b"" if locked.content[-1:] in (b"", b"\n") else b"\n"
            locked.append(between + line.encode() + b"\n")

    def _read(self, content: bytes) -> tuple[list[Entry], int]:
        """The entries, and how many bytes they take: after them stands at most part of one."""
        *lines, last = content.split(b"\n")
        # Part of an object is none: a last line that can be read is whole, and was meant.
        if last and is_json(last):
            lines.append(last)
            last = b""
        entries = [self._entry(line, number) for number, line in enumerate(lines, 1)]
        return entries, len(content) - len(last)

    def _entry(self, line: bytes, number: int) -> Entry:
        try:
            return entry_of(line, self.environment)
        except ValueError as problem:
            raise LedgerError(
                f"{self.file}, line {number}: {problem}; nothing is added after it: "
                "mend the line, or put the file aside"
            ) from None

"""A file that grows by whole appends, under a lock, and is on the disk when an append returns."""

import errno
import fcntl
import os
import stat
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from itertools import count
from pathlib import Path

from harness.errors import LedgerError

# An append takes milliseconds; who holds the lock for longer hangs.
LOCK_LIMIT_S = 30.0
_AGAIN_S = 0.01
_CHUNK_BYTES = 1 << 20


@dataclass(slots=True)
class Locked:
    """An open file whose lock is held.

    Attributes:
        content: All of it, as it was when the lock was taken.
    """

    file: Path
    number: int
    content: bytes

    def move_aside(self, keep: int) -> Path:
        """Moves all after the first `keep` bytes to a new file beside, byte for byte."""
        aside = _moved(self.file, self.content[keep:])
        os.ftruncate(self.number, keep)
        os.fsync(self.number)
        self.content = self.content[:keep]
        return aside

    def append(self, data: bytes) -> None:
        """Adds all of it, or leaves the file as it was.

        Raises:
            OSError: It could not be added.
        """
        try:
            _write(self.number, data)
            os.fsync(self.number)
        except OSError:
            # What this cannot take back is part of a line, and known as such.
            with suppress(OSError):
                os.ftruncate(self.number, len(self.content))
                os.fsync(self.number)
            raise
        if not self.content:
            _sync_directory(self.file.parent)


@contextmanager
def existing(file: Path) -> Iterator[Locked | None]:
    """A file to read, which nobody adds to meanwhile; None where there is none.

    Raises:
        LedgerError: It cannot be read.
    """
    with _told(f"{file} cannot be read"):
        try:
            number = _locked(file, os.O_RDONLY, fcntl.LOCK_SH)
        except FileNotFoundError:
            number = None
        if number is None:
            yield None
            return
        try:
            yield Locked(file, number, _content(number))
        finally:
            os.close(number)


@contextmanager
def made_for_appending(file: Path) -> Iterator[Locked]:
    """A file to add to, made with its directories, for their owner alone, where it is missing.

    Raises:
        LedgerError: It cannot be written.
    """
    with _told(f"{file} cannot be written"):
        _make_directories(file.parent)
        number = _locked(file, os.O_RDWR | os.O_APPEND | os.O_CREAT, fcntl.LOCK_EX)
        try:
            yield Locked(file, number, _content(number))
        finally:
            os.close(number)


def _locked(file: Path, flags: int, kind: int) -> int:
    while True:
        # Not blocking: what is no file must not keep us waiting either.
        number = os.open(file, flags | os.O_NONBLOCK | os.O_CLOEXEC, 0o600)
        try:
            _must_be_a_file(file, number)
            _lock(file, number, kind)
            if _is_still(file, number):
                return number
        except BaseException:
            os.close(number)
            raise
        # It was removed between the two calls: what is written to it would be lost.
        os.close(number)


def _lock(file: Path, number: int, kind: int) -> None:
    until_s = time.monotonic() + LOCK_LIMIT_S
    while True:
        try:
            fcntl.flock(number, kind | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > until_s:
                raise LedgerError(
                    f"{file} has been locked by another process for {LOCK_LIMIT_S:.0f} s; "
                    "end that one, or wait for it"
                ) from None
            time.sleep(_AGAIN_S)
        else:
            return


def _must_be_a_file(file: Path, number: int) -> None:
    if not stat.S_ISREG(os.fstat(number).st_mode):
        raise LedgerError(f"{file} is no file; name another `path`")


def _is_still(file: Path, number: int) -> bool:
    try:
        return os.path.samestat(file.stat(), os.fstat(number))
    except FileNotFoundError:
        return False


def _content(number: int) -> bytes:
    parts = []
    while part := os.read(number, _CHUNK_BYTES):
        parts.append(part)
    return b"".join(parts)


def _write(number: int, data: bytes) -> None:
    """In one write: what is killed meanwhile leaves the beginning of a line, or all of it."""
    if os.write(number, data) != len(data):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def _moved(file: Path, data: bytes) -> Path:
    for serial in count(1):
        aside = file.with_name(f"{file.name}.torn-{serial}")
        try:
            number = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        except FileExistsError:
            continue
        with os.fdopen(number, "wb") as stream:
            stream.write(data)
            stream.flush()
            os.fsync(number)
        break
    _sync_directory(file.parent)
    return aside


def _make_directories(directory: Path) -> None:
    missing = []
    while not directory.exists():
        missing.append(directory)
        directory = directory.parent
    for each in reversed(missing):
        each.mkdir(mode=0o700, exist_ok=True)
        _sync_directory(each.parent)


def _sync_directory(directory: Path) -> None:
    number = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(number)
    finally:
        os.close(number)


@contextmanager
def _told(what: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise LedgerError(f"{what}: {error.strerror or error}") from None

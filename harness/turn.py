"""One gate at a time for each environment, on this machine."""

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from harness.errors import HarnessError, UsageError
from harness.records import now

DEFAULT_FOLDER = Path(".keyarc-verify/gates")


class Taken(HarnessError):  # noqa: N818  a state of affairs, as messages name it
    """Another gate has its turn."""


@contextmanager
def turn(environment: str, about: str, folder: Path = DEFAULT_FOLDER) -> Iterator[None]:
    """Holds the environment for as long as the context lasts; the kernel frees it with the process.

    Args:
        environment: Its name.
        about: What is being done, for whoever has to wait.

    Raises:
        Taken: Somebody else holds it; says who, and since when.
        UsageError: No lock can be kept here.
    """
    file = folder / f"{environment}.lock"
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock = os.open(file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise UsageError(f"no lock can be kept at {file}: {error.strerror}") from None
    try:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise Taken(f"{environment} is held by another gate: {_told(file)}") from None
        holder = {"pid": os.getpid(), "since": now(), "about": about}
        os.ftruncate(lock, 0)
        os.write(lock, json.dumps(holder).encode())
        yield
        os.ftruncate(lock, 0)
    finally:
        os.close(lock)


def _told(file: Path) -> str:
    with suppress(OSError, ValueError, KeyError, TypeError):
        holder = json.loads(file.read_text())
        return f"{holder['about']}, process {holder['pid']}, since {holder['since']}"
    return "it does not say which"

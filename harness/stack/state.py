"""What a stack leaves in files while it is up, so that the next command finds it.

`state.json` holds what everyone may read, `secrets.json` what only its owner may; the lock is held
by the supervisor for as long as it lives, and so tells whether the rest is true.
"""

import fcntl
import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from harness.errors import UsageError

# In the environment of every process of a stack, so that none can be overlooked.
MARK = "KEYARC_VERIFY_STACK"
# Where data is kept, for who wants it elsewhere than in memory.
DATA = "KEYARC_VERIFY_DATA"
# What `container_file` says. Between the first two, the engine may be about to make one.
CONTAINER_ASKED_FOR, CONTAINER_MADE, CONTAINER_READY = "asked for", "made", "ready"
LOCK = "lock"
# Beside the state directories: what is stored of every stack's releases.
RELEASES = "releases"
# And of every environment's ledger, which the end of a stack must not take along.
LEDGER = "ledger"
# And of what runs have broken.
FAULTS = "faults"
MIN_FREE_MEMORY_BYTES = 256 * 1024 * 1024


def default_directory(environment_name: str) -> Path:
    """The state directory of an environment's stack, below the current directory.

    Raises:
        UsageError: Releases, ledgers, or journals of faults, are kept under that name.
    """
    if environment_name in (RELEASES, LEDGER, FAULTS):
        raise UsageError(
            f"an environment file cannot be called {environment_name}: name it otherwise"
        )
    return Path.cwd() / ".keyarc-verify" / environment_name


class StateDirectory:
    """The files of one stack.

    Attributes:
        path: Where its state and logs are.
        control: The socket on which the supervisor takes orders.
        links: The socket of the links' API, where there are links.
        container_file: There for as long as the engine may hold a container of this stack.
        runtime: Where its data is: in memory where there is room for it.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.logs = path / "logs"
        self.ca_file = path / "ca.pem"
        self.container_file = path / "container"
        self.control = path / "control"
        self.links = path / "links"
        self.runtime = _runtime(path)

    def make(self) -> None:
        """Makes the directories, for their owner alone.

        Raises:
            UsageError: It cannot be written there.
        """
        try:
            self.logs.mkdir(mode=0o700, parents=True, exist_ok=True)
            self.path.chmod(0o700)
            (self.path / ".gitignore").write_text("*\n")
        except OSError as error:
            raise UsageError(
                f"{self.path}: cannot keep the stack's state here: {error.strerror}; "
                "run from a directory that you may write to"
            ) from None
        # Others pass through to their own folder in it (the server's user), and see nothing.
        self.runtime.mkdir(mode=0o711, exist_ok=True)
        self.runtime.chmod(0o711)

    def leftovers(self) -> list[Path]:
        """What an earlier stack left here."""
        own = (".gitignore", LOCK, self.logs.name)
        found = [path for path in self.path.iterdir() if path.name not in own]
        return [*found, *self.logs.iterdir(), *self.runtime.iterdir()]

    def remove(self) -> None:
        """Removes all of it, the lock last: until then, whoever comes next waits."""
        shutil.rmtree(self.runtime, ignore_errors=True)
        for path in self.path.glob("*"):
            if path.is_dir():
                shutil.rmtree(path, ignore_errors=True)
            elif path.name != LOCK:
                with suppress(OSError):
                    path.unlink()
        shutil.rmtree(self.path, ignore_errors=True)
        try:
            self.path.parent.rmdir()
        except OSError:
            return  # Another stack's state is beside it.

    def write_state(self, state: Mapping[str, Any]) -> None:
        _write(self.path / "state.json", state)

    def write_secrets(self, secrets: Mapping[str, str]) -> None:
        _write(self.path / "secrets.json", secrets)

    def read(self) -> dict[str, Any] | None:
        """What the supervisor wrote once all was ready; None before that, or when it is gone."""
        try:
            state: dict[str, Any] = json.loads((self.path / "state.json").read_text())
        except (OSError, ValueError):
            return None
        return state

    def references(self) -> dict[str, str] | None:
        """What `${stack:…}` and `${generated:…}` stand for in a stack that is up."""
        state = self.read()
        if state is None or not self.is_held():
            return None
        secrets: dict[str, str] = json.loads((self.path / "secrets.json").read_text())
        return {**secrets, **state["references"]}

    def log_file(self, name: str) -> Path:
        return self.logs / f"{name}.log"

    def log_tail(self, name: str, lines: int = 15, *, since_bytes: int = 0) -> str:
        try:
            text = self.log_file(name).read_bytes()[since_bytes:].decode(errors="replace")
        except OSError:
            return ""
        return "\n".join(text.splitlines()[-lines:])

    def log_bytes(self, name: str) -> int:
        """How long a log is by now."""
        file = self.log_file(name)
        return file.stat().st_size if file.exists() else 0

    def try_hold(self) -> bool:
        """Takes the lock, for the life of this process, unless another has it.

        The kernel frees it with the process; it does not pass to children.
        """
        while True:
            lock = os.open(self.path / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            try:
                fcntl.lockf(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                os.close(lock)
                return False
            if _is_still(self.path / LOCK, lock):
                os.ftruncate(lock, 0)
                os.write(lock, str(os.getpid()).encode())
                return True
            # Its last holder removed the directory between the two calls.
            os.close(lock)
            self.make()

    def is_held(self) -> bool:
        """Whether a supervisor lives. Never to be called by the one that does."""
        try:
            lock = os.open(self.path / LOCK, os.O_RDWR | os.O_CLOEXEC)
        except OSError:
            return False
        try:
            fcntl.lockf(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return True
        finally:
            os.close(lock)
        return False

    def holder_pid(self) -> int | None:
        """The process that holds the lock, if one does: its word is good while it is held."""
        try:
            return int((self.path / LOCK).read_text())
        except (OSError, ValueError):
            return None


def running_references(state_dir: Path) -> Mapping[str, str] | None:
    """What references stand for in the stack that is up here; None when none is."""
    return StateDirectory(state_dir).references()


def _runtime(path: Path) -> Path:
    digest = hashlib.sha256(os.fsencode(path)).hexdigest()[:16]
    return _fast_directory() / f"keyarc-verify-{os.geteuid()}-{digest}"


def _fast_directory() -> Path:
    """Memory, where a file system for it is large enough: in containers it often has 64 MB."""
    given = os.environ.get(DATA)
    if given:
        return Path(given)
    memory = Path("/dev/shm")  # noqa: S108 - the names made in it belong to one user and one path
    if memory.is_dir() and shutil.disk_usage(memory).total >= MIN_FREE_MEMORY_BYTES:
        return memory
    return Path(tempfile.gettempdir())


def _is_still(path: Path, file: int) -> bool:
    try:
        return os.path.samestat(path.stat(), os.fstat(file))
    except OSError:
        return False


def _write(path: Path, content: Mapping[str, Any]) -> None:
    """Whole or not at all, and for its owner alone from the first byte."""
    partial = path.with_name(f"{path.name}.{os.getpid()}")
    file = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(file, "w") as stream:
        json.dump(content, stream, indent=1)
    partial.replace(path)

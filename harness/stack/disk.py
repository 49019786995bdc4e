"""A disk of a given size for the database, so that it can really be full.

It is a file system in memory that a process of the stack holds in mount and IPC namespaces of its
own: the server joins them, a later one too, and with the last of these processes all of it is gone,
however they end. Others look at it through `/proc`.

Sources: namespaces(7), unshare(2), setns(2), mount(2), user_namespaces(7).
"""

import ctypes
import errno
import os
import signal
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

from harness.errors import StackError
from harness.stack.process import die_with
from harness.stack.state import StateDirectory

MB = 1024 * 1024
FILLER = "filler"
_NEW_NS, _NEW_IPC, _NEW_USER = 0x00020000, 0x08000000, 0x10000000
_MS_REC, _MS_PRIVATE = 0x4000, 0x40000
_KINDS = {"user": _NEW_USER, "ipc": _NEW_IPC, "mnt": _NEW_NS}


@dataclass(frozen=True, slots=True)
class Disk:
    """What it is to be.

    Attributes:
        folder: Where it is mounted, for the processes that have joined.
        size_mb: How much it holds.
    """

    folder: Path
    size_mb: int

    def hold(self, answer: int) -> NoReturn:
        """Mounts it, and holds it until this process ends.

        Args:
            answer: Where to write what kept it from that; nothing where all went well.
        """
        parent_pid = os.getppid()
        try:
            self._mount()
        except OSError as error:
            os.write(answer, f"{error.strerror} ({error.filename})".encode())
            os._exit(1)
        os.close(answer)
        die_with(parent_pid)  # Forgotten with the change of namespace.
        while True:
            signal.pause()

    def _mount(self) -> None:
        uid, gid = os.geteuid(), os.getegid()
        kinds = _NEW_NS | _NEW_IPC | (_NEW_USER if uid else 0)
        _call("unshare", kinds)
        if uid:
            for name, text in (
                ("setgroups", "deny"),
                ("uid_map", f"{uid} {uid} 1"),
                ("gid_map", f"{gid} {gid} 1"),
            ):
                Path("/proc/self", name).write_text(text)
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        _call("mount", b"none", b"/", None, _MS_REC | _MS_PRIVATE, None)
        options = f"size={self.size_mb}m,mode=0700".encode()
        _call("mount", b"keyarc-verify", os.fsencode(self.folder), b"tmpfs", 0, options)


def can_be_limited() -> bool:
    """Whether this machine lets us have such a disk."""
    with tempfile.TemporaryDirectory() as folder:
        pid = os.fork()
        if pid == 0:
            try:
                Disk(Path(folder), 1)._mount()
                os._exit(0)
            finally:
                os._exit(1)
        return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0


def join(holder_pid: int) -> None:
    """Has this process, a fresh fork, see the disk that another one holds."""
    kinds = _KINDS if os.geteuid() else {name: _KINDS[name] for name in ("ipc", "mnt")}
    files = {
        kind: os.open(f"/proc/{holder_pid}/ns/{name}", os.O_RDONLY | os.O_CLOEXEC)
        for name, kind in kinds.items()
    }
    for kind, file in files.items():
        _call("setns", file, kind)
        os.close(file)


def seen_from_outside(holder_pid: int, folder: Path) -> Path:
    return Path(f"/proc/{holder_pid}/root", *folder.parts[1:])


def fill(state_dir: Path) -> int:
    """Fills the disk of a stack's database up to its last byte; again is as good.

    Returns:
        How much of it this file has taken by now, in bytes.

    Raises:
        StackError: There is none; says why.
    """
    file = os.open(_folder(state_dir) / FILLER, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    block = bytes(MB)
    try:
        while block:
            try:
                os.write(file, block)
            except OSError as error:
                if error.errno != errno.ENOSPC:
                    raise
                block = block[: len(block) // 2]
        return os.fstat(file).st_size
    finally:
        os.close(file)


def free(state_dir: Path) -> None:
    """Takes away what `fill` wrote, if anything.

    Raises:
        StackError: There is no such disk; says why.
    """
    (_folder(state_dir) / FILLER).unlink(missing_ok=True)


def lacks(state_dir: Path) -> str | None:
    """Why the database of a stack has no disk of its own that can be filled; None where it has."""
    state = StateDirectory(state_dir.absolute()).read()
    if state is None:
        return f"no stack is up in {state_dir}"
    found: dict[str, str] | None = state.get("disk")
    if found is None:
        return "the environment file gives the database no disk of its own (stack.postgres.disk_mb)"
    return found.get("refused")


def _folder(state_dir: Path) -> Path:
    why = lacks(state_dir)
    if why is not None:
        raise StackError(why)
    state = StateDirectory(state_dir.absolute()).read()
    assert state is not None
    return Path(state["disk"]["folder"])


_libc = ctypes.CDLL(None, use_errno=True)


def _call(name: str, *arguments: object) -> None:
    """A system call that is not in the standard library of every Python that this runs in."""
    known = getattr(_libc, name, None)
    if known is None:
        raise OSError(errno.ENOSYS, os.strerror(errno.ENOSYS), name)
    if known(*arguments) != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number), name)

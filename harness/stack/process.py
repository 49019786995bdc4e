"""Child processes that do not outlive this one."""

import ctypes
import os
import signal
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

from harness.errors import HarnessError

PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None, use_errno=True)


def die_with(parent_pid: int, by: signal.Signals = signal.SIGKILL) -> None:
    """Asks the kernel to signal this process when its parent dies, however it dies.

    Linux alone knows this; elsewhere the stack's guard does the work a little later. The wish is
    forgotten when a process changes its user: ask again after that.

    Source: prctl(2).
    """
    if sys.platform == "linux":
        _libc.prctl(PR_SET_PDEATHSIG, int(by), 0, 0, 0)
    if os.getppid() != parent_pid:
        os._exit(1)


def fork(run: Callable[[], object], *, outlives: bool = False) -> int:
    """Runs a function in a child process, which ends with it.

    Args:
        run: What the child does.
        outlives: Whether the child goes on when this process dies.

    Returns:
        The child's process id.
    """
    parent_pid = None if outlives else os.getpid()
    sys.stdout.flush()
    sys.stderr.flush()
    pid = os.fork()
    if pid == 0:
        _run_to_the_end(run, parent_pid)
    return pid


def _run_to_the_end(run: Callable[[], object], parent_pid: int | None) -> NoReturn:
    """Whatever happens in it, the child must never return into its parent's code."""
    status = 1
    try:
        if parent_pid is not None:
            die_with(parent_pid)
        signal.set_wakeup_fd(-1)
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGCHLD):
            signal.signal(number, signal.SIG_DFL)
        run()
        status = 0
    except SystemExit as end:
        status = end.code if isinstance(end.code, int) else int(end.code is not None)
        if isinstance(end.code, str):
            print(end.code, file=sys.stderr)  # noqa: T201 - what the interpreter does at its end
    except HarnessError as error:
        print(error, file=sys.stderr)  # noqa: T201 - its message is for the user
    except BaseException:  # noqa: BLE001 - the log of the child is where its defects belong
        traceback.print_exc()
    finally:
        try:
            sys.stdout.flush()
            sys.stderr.flush()
        finally:
            os._exit(status)


def write_to(log: Path) -> None:
    """Sends this process's output, also that of the programs it becomes, to a file."""
    file = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
    os.dup2(file, 1)
    os.dup2(file, 2)
    os.close(file)


def describe(wait_status: int) -> str:
    """The end of a child in words: `exited with 3`, `was killed by SIGKILL`."""
    code = os.waitstatus_to_exitcode(wait_status)
    return f"was killed by {signal.Signals(-code).name}" if code < 0 else f"exited with {code}"

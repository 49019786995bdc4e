"""How a command ends: our errors as one clear line, and the exit codes that callers rely on."""

import io
import os
import signal
import sys
from collections.abc import Callable
from types import FrameType
from typing import TYPE_CHECKING

from harness.errors import HarnessError, UsageError

if TYPE_CHECKING:
    import typer

USAGE, HOLD, INTERRUPTED = 2, 20, 130
_LATER_S = 0.005


def run(application: Callable[[], "typer.Typer"]) -> int:
    """Runs the command that the arguments name, and says which code to exit with.

    Raises:
        KeyboardInterrupt: It was interrupted; `end` ends it.
    """
    signal.signal(signal.SIGTERM, _interrupt)
    signal.signal(signal.SIGALRM, _again)
    sys.unraisablehook = _unraisable
    code = _run(application)
    # A signal can change nothing from here on, and must not end in a traceback.
    ignore_signals()
    return code


def end() -> int:
    """Ends a command that was interrupted."""
    ignore_signals()
    return _say("interrupted", INTERRUPTED)


def ignore_signals() -> None:
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)


def written(text: str) -> str | None:
    """Writes to standard output; what kept it from being written, nobody left to read excepted."""
    try:
        sys.stdout.write(text)
        sys.stdout.flush()
    except BrokenPipeError:
        _drop_output()
    except OSError as error:
        _drop_output()
        return f"the output cannot be written: {error.strerror}"
    return None


def _run(application: Callable[[], "typer.Typer"]) -> int:
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    if not sys.stdout.isatty():
        # A CI runner that forces colour would put it into what other programs read.
        os.environ.setdefault("_TYPER_FORCE_DISABLE_TERMINAL", "1")
    try:
        return _invoke(application())
    except UsageError as error:
        return _say(str(error), USAGE)
    except HarnessError as error:
        return _say(str(error), HOLD)
    except BrokenPipeError:
        # Whoever read our output has gone; nothing can be told any more.
        _drop_output()
        return HOLD
    except OSError as error:
        _drop_output()
        about = f"{error.filename}: " if error.filename else ""
        return _say(f"{about}{error.strerror or error}", HOLD)


def _invoke(app: "typer.Typer") -> int:
    import typer
    from typer._click.exceptions import ClickException  # public from 0.27 on alone: ADR 2

    try:
        code = app(prog_name="keyarc-verify", standalone_mode=False)
        sys.stdout.flush()
    except typer.Abort:
        raise KeyboardInterrupt from None
    except ClickException as error:
        error.show()
        return USAGE
    return code if isinstance(code, int) else 0


def _say(message: str, code: int) -> int:
    try:
        sys.stderr.write(f"keyarc-verify: {message}\n")
    except OSError:
        return code  # Who would be told has gone; the code still tells.
    return code


def _drop_output() -> None:
    """What is still buffered goes nowhere, or the interpreter would complain when it ends."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _unraisable(problem: "sys.UnraisableHookArgs") -> None:
    """Ctrl-C in a place that cannot raise, such as a lock of the import system: not lost, later."""
    if issubclass(problem.exc_type, KeyboardInterrupt):
        signal.setitimer(signal.ITIMER_REAL, _LATER_S)
    else:
        sys.__unraisablehook__(problem)


def _again(number: int, frame: FrameType | None) -> None:
    handler = signal.getsignal(signal.SIGINT)
    if callable(handler):
        handler(signal.SIGINT, frame)


def _interrupt(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt

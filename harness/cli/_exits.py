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


def run(application: Callable[[], "typer.Typer"]) -> int:
    """Runs the command that the arguments name, and says which code to exit with."""
    signal.signal(signal.SIGTERM, _interrupt)
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
    except KeyboardInterrupt:
        return _say("interrupted", INTERRUPTED)
    except BrokenPipeError:
        # Whoever read our output has gone; nothing can be told any more.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return HOLD


def _invoke(app: "typer.Typer") -> int:
    import typer
    from typer._click.exceptions import ClickException  # public from 0.27 on alone: ADR 2

    try:
        code = app(prog_name="keyarc-verify", standalone_mode=False)
        sys.stdout.flush()
    except typer.Abort:
        return _say("interrupted", INTERRUPTED)
    except ClickException as error:
        error.show()
        return USAGE
    return code if isinstance(code, int) else 0


def _say(message: str, code: int) -> int:
    sys.stderr.write(f"keyarc-verify: {message}\n")
    return code


def _interrupt(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt

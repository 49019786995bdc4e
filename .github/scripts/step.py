"""What a step of a workflow is given, and what it leaves: variables, outputs, a summary, a code."""

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

from escape import message, plain


class UsageError(Exception):
    """What the step was given is wrong; nothing was done. Exit code 2."""


class StepError(Exception):
    """It could not be done, or not wholly. Exit code 20."""


def given(name: str, default: str | None = None) -> str:
    """A variable of the environment; an empty one is none.

    Raises:
        UsageError: It is missing, and there is no default.
    """
    value = os.environ.get(name, "") or default
    if value is None:
        raise UsageError(f"the environment variable {name} is missing")
    return value


def number(name: str, default: int, most: int) -> int:
    """A variable from 0 to `most`."""
    text = given(name, str(default))
    if not (text.isascii() and text.isdigit()) or int(text) > most:
        raise UsageError(f"{name} is a number from 0 to {most}, not {plain(text)!r}")
    return int(text)


def leave(**outputs: str) -> None:
    """Outputs of the step; on standard output where there is no workflow."""
    lines = [f"{name}={value}" for name, value in outputs.items()]
    if any("\n" in line or "\r" in line for line in lines):
        raise UsageError("an output of a step is one line")
    if file := os.environ.get("GITHUB_OUTPUT"):
        with Path(file).open("a", encoding="utf-8") as stream:
            stream.writelines(f"{line}\n" for line in lines)
    else:
        print(*lines, sep="\n")


def summarize(markdown: str) -> None:
    """Adds to the page of the run, where there is one. GitHub drops what is over 1 MiB."""
    if file := os.environ.get("GITHUB_STEP_SUMMARY"):
        with Path(file).open("a", encoding="utf-8") as stream:
            stream.write(f"{markdown.rstrip()}\n\n")


def run_link() -> str:
    """The page of this run; empty where there is none."""
    names = ("GITHUB_SERVER_URL", "GITHUB_REPOSITORY", "GITHUB_RUN_ID")
    server, repository, run_id = (os.environ.get(name, "") for name in names)
    return f"{server}/{repository}/actions/runs/{run_id}" if server and run_id else ""


def run(main: Callable[[], None]) -> NoReturn:
    """Runs a script's main function: 0 done, 2 wrongly called, 20 could not."""
    try:
        main()
    except UsageError as error:
        _complain(str(error), 2)
    except (StepError, OSError) as error:
        _complain(str(error), 20)
    sys.exit(0)


def _complain(text: str, code: int) -> NoReturn:
    print(f"{Path(sys.argv[0]).name}: {plain(text, 2000)}", file=sys.stderr)
    if os.environ.get("GITHUB_ACTIONS") == "true":
        print(f"::error::{message(plain(text, 2000))}")
    sys.exit(code)

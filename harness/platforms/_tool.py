"""Runs a platform's own command-line tool: its input closed, its time limited, its words kept.

What it prints goes to files without names, not through pipes: it can end its work when the process
that started it has been killed, and a child that it leaves behind keeps nobody waiting.

Its arguments are shown in messages and in process lists: a secret is never one of them.
"""

import asyncio
import json
import os
import re
import shlex
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from typing import IO, Any

from harness.errors import PlatformError, UsageError
from harness.platforms._ending import end, over

# What a tool is told, so that it asks nothing and colours nothing.
_QUIET = {"CI": "1", "NO_COLOR": "1"}
_SHOWN_LINES = 5
_LONGEST_COMMAND = 200
_MOST_BYTES = 64 * 2**20
_COLOUR = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """How a tool ended. Its code proves nothing by itself."""

    words: tuple[str, ...]
    code: int
    out: str
    err: str

    @property
    def told(self) -> str:
        """What it ran, how it ended, and the last of what it said."""
        end = f"ended with {self.code}" if self.code >= 0 else f"was ended by signal {-self.code}"
        return "\n".join([f"{shown(self.words)} {end}", *_last_lines(self.out, self.err)])

    def json(self) -> Any:
        """What it printed, as JSON.

        Raises:
            PlatformError: It failed, or printed something else, nothing included.
        """
        if self.code != 0:
            raise PlatformError(self.told)
        try:
            return json.loads(self.out, parse_constant=_no_number)
        except (ValueError, RecursionError):
            begin = _plain(self.out.strip()[:80]) or "nothing"
            raise PlatformError(f"{shown(self.words)} printed no JSON: {begin}") from None


@dataclass(frozen=True, slots=True, kw_only=True)
class Tool:
    """A command-line tool.

    Attributes:
        program: Its name on the PATH, or its file.
        to_get: How to get it, for who has not: a sentence.
        env: Set for it beside the caller's environment; the place for secrets.
        patience_s: What an operation gets to end by itself, once it is asked to (SIGTERM); then it
            is killed. What only reads gets 5 s at most.
    """

    program: str
    to_get: str
    env: Mapping[str, str]
    patience_s: float = 30.0

    def must_be_there(self) -> str:
        """Where it is.

        Raises:
            UsageError: Nowhere; says how to get it.
        """
        found = shutil.which(self.program, path=self.env.get("PATH"))
        if found is None:
            where = "a file that can be run" if os.sep in self.program else "on the PATH"
            raise UsageError(f"{self.program} is not {where}; {self.to_get}")
        return found

    async def run(
        self, *arguments: str, limit_s: float, given: str | None = None, operation: bool = False
    ) -> Ended:
        """Runs it to its end.

        Args:
            limit_s: The outer limit: longer than any of the tool's own.
            given: What it reads on its standard input; else that is closed.
            operation: It changes something. Half a change is worse than a whole one: the first
                cancellation waits for its end, up to the limit; only the second one ends it.

        Raises:
            UsageError: It is not there, or cannot be started.
            PlatformError: It was not over in time, and has been ended with all that it started; or
                its output cannot be kept.
        """
        with _file() as out, _file() as err, _file() as read:
            read.write((given or "").encode())
            read.seek(0)
            process = await self._started(
                arguments, (read if given is not None else None, out, err)
            )
            try:
                in_time = await over(process, limit_s, wait_out=operation)
            finally:
                await end(process, self.patience_s if operation else min(self.patience_s, 5.0))
            words = (self.program, *arguments)
            said = _text(words, out), _text(words, err)
        if not in_time:
            half = "; what it began may be half done" if operation else ""
            late = f"{shown(words)} was not over in {limit_s:g} s and has been ended{half}"
            raise PlatformError("\n".join([late, *_last_lines(*said)]))
        code = process.returncode if process.returncode is not None else -1
        return Ended(words=words, code=code, out=said[0], err=said[1])

    async def _started(
        self, arguments: tuple[str, ...], files: tuple[IO[bytes] | None, IO[bytes], IO[bytes]]
    ) -> asyncio.subprocess.Process:
        program = self.must_be_there()
        try:
            return await asyncio.create_subprocess_exec(
                program,
                *arguments,
                stdin=files[0] or asyncio.subprocess.DEVNULL,
                stdout=files[1],
                stderr=files[2],
                env={**os.environ, **_QUIET, **self.env},
                start_new_session=True,
            )
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or "its words or variables are not usable"
            raise UsageError(f"{self.program} cannot be run: {reason}") from None


def shown(words: tuple[str, ...]) -> str:
    """A command as a message shows it: for a shell, on one line."""
    line = _plain(shlex.join(words).replace("\n", " "))
    return f"`{line if len(line) <= _LONGEST_COMMAND else line[:_LONGEST_COMMAND] + '…'}`"


def _last_lines(out: str, err: str) -> list[str]:
    said = (err.strip() or out.strip()).splitlines()[-_SHOWN_LINES:]
    return [_plain(line) for line in said]


def _plain(text: str) -> str:
    """Without what a terminal would obey."""
    return "".join(
        each if each.isprintable() or each == "\t" else "\ufffd" for each in _COLOUR.sub("", text)
    )


def _no_number(constant: str) -> None:
    raise ValueError(f"{constant} is no JSON")


def _file() -> IO[bytes]:
    try:
        return tempfile.TemporaryFile()
    except OSError as error:
        raise PlatformError(f"no temporary file can be made: {error.strerror}") from None


def _text(words: tuple[str, ...], file: IO[bytes]) -> str:
    file.seek(0)
    output = file.read(_MOST_BYTES + 1)
    if len(output) > _MOST_BYTES:
        raise PlatformError(f"{shown(words)} printed more than {_MOST_BYTES >> 20} MiB")
    return output.decode("utf-8", "replace")

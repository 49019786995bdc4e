"""Runs a platform's own command-line tool: its input closed, its time limited, its words kept."""

import asyncio
import json
import os
import shlex
import shutil
import signal
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from harness.errors import PlatformError, UsageError

# What a tool is told, so that it asks nothing and colours nothing.
_QUIET = {"CI": "1", "NO_COLOR": "1"}
_SHOWN_LINES = 5
_ENDS_WITHIN_S = 5.0


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
        said = (self.err.strip() or self.out.strip()).splitlines()[-_SHOWN_LINES:]
        end = f"ended with {self.code}" if self.code >= 0 else f"was ended by signal {-self.code}"
        return "\n".join([f"`{shlex.join(self.words)}` {end}", *said])

    def json(self) -> Any:
        """What it printed, as JSON.

        Raises:
            PlatformError: It failed, or printed something else, nothing included.
        """
        if self.code != 0:
            raise PlatformError(self.told)
        try:
            return json.loads(self.out)
        except ValueError:
            begin = self.out.strip()[:80] or "nothing"
            raise PlatformError(f"`{shlex.join(self.words)}` printed no JSON: {begin}") from None


@dataclass(frozen=True, slots=True, kw_only=True)
class Tool:
    """A command-line tool.

    Attributes:
        program: Its name on the PATH, or its file.
        to_get: How to get it, for who has not: a sentence.
        env: Set for it beside the caller's environment.
    """

    program: str
    to_get: str
    env: Mapping[str, str]

    def must_be_there(self) -> str:
        """Where it is.

        Raises:
            UsageError: Nowhere; says how to get it.
        """
        found = shutil.which(self.program)
        if found is None:
            raise UsageError(f"{self.program} is not on the PATH; {self.to_get}")
        return found

    async def run(self, *arguments: str, limit_s: float, given: str | None = None) -> Ended:
        """Runs it to its end.

        Args:
            limit_s: The outer limit: longer than any of the tool's own.
            given: What it reads on its standard input; else that is closed.

        Raises:
            UsageError: It is not there.
            PlatformError: It was not over in time, and has been ended with all that it started.
        """
        words = (self.program, *arguments)
        process = await asyncio.create_subprocess_exec(
            self.must_be_there(),
            *arguments,
            stdin=asyncio.subprocess.PIPE if given is not None else asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env={**os.environ, **_QUIET, **self.env},
            start_new_session=True,
        )
        try:
            async with asyncio.timeout(limit_s):
                told = given.encode() if given is not None else None
                out, err = await process.communicate(told)
        except TimeoutError:
            raise PlatformError(f"`{shlex.join(words)}` was not over in {limit_s:g} s") from None
        finally:
            await _end(process)
        code = process.returncode if process.returncode is not None else -1
        return Ended(words=words, code=code, out=_text(out), err=_text(err))


async def _end(process: asyncio.subprocess.Process) -> None:
    """Ends a tool that still runs, and what it started: gently first."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        if process.returncode is not None:
            return
        with suppress(ProcessLookupError):
            os.killpg(process.pid, number)
        with suppress(TimeoutError):
            async with asyncio.timeout(_ENDS_WITHIN_S):
                await process.wait()


def _text(output: bytes) -> str:
    return output.decode("utf-8", "replace")

"""What is told on standard error while a run goes on. Nothing that befalls it harms the run."""

import sys
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TextIO

from harness.cli._terminal import CLEAR_LINE, steers
from harness.model import Outcome, Result


@dataclass(kw_only=True)
class Progress:
    """The listener of a run.

    Args:
        verbosity: 0 nothing, 1 a line that is written over, on a terminal only, 2 each result.

    Attributes:
        total: How many results are awaited.
    """

    verbosity: int
    total: int = 0
    stream: TextIO = field(default_factory=lambda: sys.stderr)
    _done: int = 0
    _wrong: int = 0

    def step(self, line: str) -> None:
        """Something that goes on before the checks."""
        if self.verbosity:
            self.say(line)

    def result(self, result: Result) -> None:
        self._done += 1
        self._wrong += result.outcome is not Outcome.PASS
        if self.verbosity > 1:
            self.say(f"{result.outcome:<8} {result.id}  {result.duration_ms:.0f} ms")
        elif self.verbosity and steers(self.stream):
            wrong = f", {self._wrong} not passed" if self._wrong else ""
            self._write(f"{CLEAR_LINE}{self._done} of {self.total} done{wrong}")

    def over(self) -> None:
        """Clears the line that was written over."""
        if self.verbosity == 1 and steers(self.stream):
            self._write(CLEAR_LINE)

    def say(self, line: str) -> None:
        """A line for whoever is there, however quiet the run."""
        self.over()
        self._write(f"{line}\n")

    def _write(self, text: str) -> None:
        # Who reads it may have gone.
        with suppress(OSError):
            self.stream.write(text)
            self.stream.flush()

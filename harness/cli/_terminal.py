"""What a terminal gets beyond plain text: colour, and one line that is written over."""

import os
import re
from typing import TextIO

_HEADS = re.compile(
    r"^(?P<bad>FAIL|NO_GO)\b|^(?P<open>ERROR|NO_DATA|SKIPPED|FLAKY|HOLD)\b|^(?P<good>GO)\b",
    re.MULTILINE,
)
_CODES = {"bad": "31;1", "open": "33;1", "good": "32;1"}
CLEAR_LINE = "\r\x1b[K"


def steers(stream: TextIO) -> bool:
    """Whether it is a terminal that can move its cursor."""
    return stream.isatty() and os.environ.get("TERM", "dumb") != "dumb"


def colours(stream: TextIO) -> bool:
    """Whether a person who wants colour looks at it."""
    return steers(stream) and not os.environ.get("NO_COLOR")


def coloured(text: str) -> str:
    """A text report with the words that begin its lines in colour."""

    def paint(match: re.Match[str]) -> str:
        return f"\x1b[{_CODES[match.lastgroup or 'open']}m{match[0]}\x1b[0m"

    return _HEADS.sub(paint, text)

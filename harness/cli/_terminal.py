"""What a terminal gets beyond plain text: colour, and one line that is written over."""

import os
import re
from typing import TextIO

_HEADS = re.compile(
    r"^(?P<bad>FAIL|NO_GO)\b|^(?P<open>ERROR|NO_DATA|SKIPPED|FLAKY|HOLD)\b|^(?P<good>GO)\b",
    re.MULTILINE,
)
# In the rows of the matrix of faults; nothing else begins with a kind of fault.
_CELLS = re.compile(
    r"(?<= )(?:(?P<well>ok)|(?P<bad>FAIL)|(?P<open>ERROR|NO_DATA|SKIPPED|FLAKY)|(?P<away>not run))"
    r"(?= |$)"
)
_CODES = {"bad": "31;1", "open": "33;1", "good": "32;1", "well": "32", "away": "2"}
CLEAR_LINE = "\r\x1b[K"


def steers(stream: TextIO) -> bool:
    """Whether it is a terminal that can move its cursor."""
    return stream.isatty() and os.environ.get("TERM", "dumb") != "dumb"


def colours(stream: TextIO) -> bool:
    """Whether a person who wants colour looks at it."""
    return steers(stream) and not os.environ.get("NO_COLOR")


def coloured(text: str) -> str:
    """A text report with the words that begin its lines, and the cells of its matrix, in colour."""
    from reports._matrix import KINDS

    row = re.compile(rf"^(?:{'|'.join(KINDS)}) .*$", re.MULTILINE)
    with_cells = row.sub(lambda found: _CELLS.sub(_paint, found[0]), text)
    return _HEADS.sub(_paint, with_cells)


def _paint(found: re.Match[str]) -> str:
    return f"\x1b[{_CODES[found.lastgroup or 'open']}m{found[0]}\x1b[0m"

"""What a night's fuzzing found, read from files that a server under test had a hand in."""

import hashlib
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from escape import block, code, plain
from step import StepError

FILE = "findings.json"
_FIELDS = ("id", "operation", "check", "message", "curl")
_ID = re.compile(r"[0-9A-Za-z][0-9A-Za-z._-]{0,79}")
# First in an issue's text: further down, what the server said could pretend to be one.
_MARKER = "<!-- keyarc-verify-finding: {} -->"
_MARKED = re.compile(r"<!-- keyarc-verify-finding: ([0-9A-Za-z._-]{1,80}) -->")
_SEEN = ("<!-- seen -->", "<!-- /seen -->")


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One defect; its id stays the same from night to night."""

    id: str
    operation: str
    check: str
    message: str
    curl: str

    @property
    def title(self) -> str:
        """Plain text to GitHub, but for mentions."""
        return plain(f"Fuzz: {self.operation}: {self.check}", 120).replace("@", "(at)")

    def body(self, seen: str) -> str:
        """The text of an issue; `seen` says when and where."""
        return "\n\n".join(
            [
                _MARKER.format(self.id),
                f"{code(self.check)} at {code(self.operation)}, finding {code(self.id)}.",
                block(self.message),
                "To see it again:",
                block(self.curl, 8000),
                section(seen),
            ]
        )


def section(seen: str) -> str:
    """The part of an issue that changes; the rest may be edited by people."""
    return f"{_SEEN[0]}\n\nLast seen {seen}.\n\n{_SEEN[1]}"


def with_seen(body: str, seen: str) -> str:
    """The same text, seen again; unchanged where people have removed that part.

    It is the last such part: what the server said stands before it.
    """
    before, begin, rest = body.rpartition(_SEEN[0])
    _, end, after = rest.partition(_SEEN[1])
    return f"{before}{section(seen)}{after}" if begin and end else body


def marked(body: str) -> str:
    """The id of the finding that an issue is about; empty for another issue."""
    match = _MARKED.match(body)
    return match[1] if match else ""


def files(folder: Path) -> list[Path]:
    """Those that are there, at any depth: one of each shard."""
    return sorted(folder.rglob(FILE))


def read(paths: list[Path]) -> list[Finding]:
    """All that is in them, each once, in an order that does not depend on the files'.

    Raises:
        StepError: A file is not what it should be; names it.
    """
    found = {each.id: each for path in paths for each in _of_file(path)}
    return sorted(found.values(), key=lambda each: (each.operation, each.check, each.id))


def _of_file(path: Path) -> Iterator[Finding]:
    try:
        items = json.loads(path.read_text("utf-8"))
    except ValueError:
        items = None
    if not isinstance(items, list):
        raise StepError(f"{path} is not a list of findings")
    for number, item in enumerate(items, 1):
        known = item if isinstance(item, dict) else {}
        texts = {name: text for name in _FIELDS if isinstance(text := known.get(name), str)}
        if len(texts) < len(_FIELDS):
            raise StepError(f"{path}: finding {number} has not all of {', '.join(_FIELDS)}")
        yield Finding(**{**texts, "id": _known(texts["id"])})


def _known(text: str) -> str:
    """An id that stands in a marker as it is; a digest of any other."""
    if _ID.fullmatch(text):
        return text
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]

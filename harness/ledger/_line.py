"""An entry as one line of JSON, and back; nothing that it does not say is taken for granted."""

import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import cache
from typing import TYPE_CHECKING, Any

from harness.ledger._entry import ENTRY_VERSION, Entry
from harness.records import plain

if TYPE_CHECKING:
    from pydantic import TypeAdapter


def line_of(entry: Entry) -> str:
    """One line of ASCII, its end not included: no store can misread its characters."""
    return json.dumps(plain(entry), allow_nan=False)


def is_json(line: bytes) -> bool:
    """Whether it is all of something."""
    try:
        json.loads(line.decode())
    except (ValueError, RecursionError):
        return False
    return True


def entry_of(line: str | bytes, environment: str) -> Entry:
    """The entry that a line holds.

    Raises:
        ValueError: It holds none of this environment that this version can read; says why.
    """
    tree = _tree(line)
    version = tree.get("version")
    if isinstance(version, int) and version > ENTRY_VERSION:
        raise ValueError(
            f"was written by a newer keyarc-verify: its version is {version}, "
            f"and this one reads up to {ENTRY_VERSION}"
        )
    entry = _validated(tree)
    if entry.environment != environment:
        raise ValueError(f"is of the environment {entry.environment!r}, not of {environment!r}")
    return entry


def _tree(line: str | bytes) -> dict[str, Any]:
    if not line.strip():
        raise ValueError("is empty")
    try:
        tree = json.loads(line.decode() if isinstance(line, bytes) else line)
    except (ValueError, RecursionError):
        raise ValueError("is not JSON") from None
    if not isinstance(tree, dict):
        raise ValueError("is no JSON object")  # noqa: TRY004 - of a line, not of an argument
    return tree


def _validated(tree: dict[str, Any]) -> Entry:
    from pydantic import ValidationError

    try:
        # Strict, for JSON: a number is no text, and no word is taken for another.
        entry = _adapter().validate_json(json.dumps(tree), strict=True)
    except ValidationError as error:
        problem = error.errors(include_input=False)[0]
        key = ".".join(map(str, problem["loc"])) or "it"
        raise ValueError(f"is no entry: {key}: {problem['msg']}") from None
    unknown = _unknown(tree, plain(entry), "")
    if unknown:
        raise ValueError(f"is no entry: {unknown}: unknown key")
    if not entry.release:
        raise ValueError("is no entry: release: names none")
    if entry.version < 1:
        raise ValueError(f"is no entry: version: {entry.version} has never been written")
    _must_be_utc(entry.at)
    return entry


def _unknown(tree: object, known: object, key: str) -> str | None:
    """The first key that reading lost: whoever wrote it meant something by it."""
    if not isinstance(tree, Mapping) or not isinstance(known, Mapping):
        return None
    for name, part in tree.items():
        here = f"{key}.{name}".lstrip(".")
        lost = here if name not in known else _unknown(part, known[name], here)
        if lost:
            return lost
    return None


def _must_be_utc(at: str) -> None:
    try:
        utc = datetime.fromisoformat(at).utcoffset() == timedelta(0)
    except ValueError:
        utc = False
    if not utc:
        raise ValueError("is no entry: at: not a time in UTC, such as 2027-01-31T09:30:00.000Z")


@cache
def _adapter() -> "TypeAdapter[Entry]":
    from pydantic import TypeAdapter

    return TypeAdapter(Entry)

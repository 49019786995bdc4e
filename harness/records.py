"""The run directory: what was to run, what happened, the verdict, and what is still to remove.

manifest.json   written before the first request
results.jsonl   one line for each result, appended as it happens
cells/          what was seen of each fault, a file each (harness/matrix/evidence.py)
verdict.json    written whole or not at all; its SHA-256 covers all of the above
action.json     what a gate did after it, written in the same way
journal.jsonl   what suites made and removed in the system under test (harness/journal.py)
"""

import errno
import hashlib
import json
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import fields, is_dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from harness.errors import RecordsError, UsageError
from harness.model import (
    SCHEMA_VERSION,
    Consequence,
    Judgement,
    Manifest,
    Result,
    RunRecord,
)
from harness.verdict import worst_of_each

MANIFEST, RESULTS, VERDICT, ACTION = (
    "manifest.json",
    "results.jsonl",
    "verdict.json",
    "action.json",
)
CELLS = "cells"
DEFAULT_PARENT = Path("reports/runs")


def now() -> str:
    """The time of day, in UTC, to the millisecond."""
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def new_run_id() -> str:
    """`20260102T030405Z-9f3a1c`: sorts by time, and no two are the same."""
    return f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}-{secrets.token_hex(3)}"


def run_id_of(directory: Path) -> str:
    """The id of the run that a directory is of: what its manifest says, else its name."""
    try:
        return str(json.loads((directory / MANIFEST).read_bytes())["run_id"])
    except (OSError, ValueError, LookupError, TypeError):
        return directory.name


class RunDirectory:
    """One run's evidence. Whatever is given to it has been redacted.

    Args:
        path: The directory; made if it is missing.

    Raises:
        UsageError: It cannot be made, or holds something: a verdict that is lying there already
            could be taken for this run's.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            path.mkdir(parents=True, exist_ok=True)
            if any(path.iterdir()):
                raise UsageError(f"the run directory {path} is not empty; name a new one")
        except OSError as error:
            raise UsageError(f"no run directory can be made at {path}: {error.strerror}") from None

    def declare(self, manifest: Manifest) -> None:
        """Writes what is to run. Raises UsageError: nothing has been sent yet."""
        try:
            _write(self.path / MANIFEST, _document(manifest))
            (self.path / RESULTS).touch()
        except RecordsError as error:
            raise UsageError(str(error)) from None

    def append(self, result: Result) -> None:
        _append(self.path / RESULTS, plain(result))

    def conclude(self, judgement: Judgement) -> tuple[Judgement, str]:
        """Writes the verdict, and returns it with the SHA-256 of its file."""
        cells = sorted(f"{CELLS}/{file.name}" for file in (self.path / CELLS).glob("*.json"))
        evidence = {name: _sha256(self.path / name) for name in (MANIFEST, RESULTS, *cells)}
        judgement = replace(judgement, evidence=evidence)
        document = _document(judgement)
        _replace(self.path / VERDICT, document)
        return judgement, hashlib.sha256(document).hexdigest()

    def follow(self, consequence: Consequence) -> None:
        """Writes what followed from the verdict."""
        _replace(self.path / ACTION, _document(consequence))


def read(path: Path) -> RunRecord:
    """A finished run from its directory.

    Raises:
        UsageError: A file is missing or is not what this version writes.
    """
    from pydantic import TypeAdapter, ValidationError

    try:
        verdict = (path / VERDICT).read_bytes()
        _must_be_known(path, verdict)
        lines = (path / RESULTS).read_text(encoding="utf-8").splitlines()
        return RunRecord(
            manifest=TypeAdapter(Manifest).validate_json((path / MANIFEST).read_bytes()),
            results=worst_of_each(TypeAdapter(list[Result]).validate_json(f"[{','.join(lines)}]")),
            judgement=TypeAdapter(Judgement).validate_json(verdict),
            directory=path,
            sha256=hashlib.sha256(verdict).hexdigest(),
            consequence=TypeAdapter(Consequence).validate_json((path / ACTION).read_bytes())
            if (path / ACTION).exists()
            else None,
        )
    except OSError as error:
        raise UsageError(f"no finished run in {path}: {error.filename}: {error.strerror}") from None
    except ValidationError as error:
        raise UsageError(f"{path} holds no run that this version can read: {error.title}") from None


def _must_be_known(path: Path, verdict: bytes) -> None:
    """A later version may mean something else by the same words."""
    try:
        version = json.loads(verdict)["schema_version"]
    except (ValueError, LookupError, TypeError):
        return  # What is wrong with it is told when it is validated.
    if isinstance(version, int) and version > SCHEMA_VERSION:
        raise UsageError(
            f"{path} was written by a newer keyarc-verify: its schema is {version}, "
            f"and this one reads up to {SCHEMA_VERSION}"
        )


def plain(value: object) -> object:
    """Records as what JSON knows."""
    if is_dataclass(value):
        return {field.name: plain(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, dict):
        return {str(name): plain(part) for name, part in value.items()}
    if isinstance(value, tuple | list):
        return [plain(part) for part in value]
    if isinstance(value, float):
        return round(value, 3)
    if isinstance(value, str):
        # Lone surrogates are no text, and readers of JSON refuse them.
        return value.encode("utf-8", "backslashreplace").decode()
    return value


def _document(record: object) -> bytes:
    return (json.dumps(plain(record), indent=2, allow_nan=False) + "\n").encode()


def _replace(file: Path, content: bytes) -> None:
    """Whole or not at all."""
    unfinished = file.with_name(f".{file.name}")
    _write(unfinished, content)
    with explained(unfinished):
        unfinished.replace(file)


def _write(file: Path, content: bytes) -> None:
    with explained(file), file.open("wb") as stream:
        stream.write(content)
        stream.flush()
        os.fsync(stream.fileno())


def _append(file: Path, line: object) -> None:
    with explained(file), file.open("ab", buffering=0) as stream:
        write_line(stream.fileno(), line)


def write_line(file: int, line: object) -> None:
    """Unbuffered: one write for one line, so that a killed run leaves whole lines."""
    content = (json.dumps(line, allow_nan=False) + "\n").encode()
    if os.write(file, content) != len(content):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def _sha256(file: Path) -> str:
    with explained(file), file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


@contextmanager
def explained(file: Path, do: str = "write") -> Iterator[None]:
    """What the system says of a file, as one clear line."""
    try:
        yield
    except OSError as error:
        raise RecordsError(f"cannot {do} {file}: {error.strerror}") from None

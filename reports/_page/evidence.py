"""The evidence of a cell, as it lies in the run directory. What is in it is not trusted."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

_LARGEST_BYTES = 4_000_000


class NoEvidenceError(Exception):
    """Why there is none to show; the page says so."""


def read(directory: Path | None, name: str) -> Mapping[str, Any]:
    """The document of that name.

    Raises:
        NoEvidenceError: It is missing, broken or not below the directory.
    """
    if directory is None or not name:
        raise NoEvidenceError("none was kept")
    try:
        file = (directory / name).resolve()
        if not file.is_relative_to(directory.resolve()):
            raise NoEvidenceError(f"{name} is not in the run's directory")
        if not file.is_file():
            raise NoEvidenceError(f"{name} is missing")
        if file.stat().st_size > _LARGEST_BYTES:
            raise NoEvidenceError(f"{name} is too large to be shown here")
        document = json.loads(file.read_bytes())
    except OSError as error:
        raise NoEvidenceError(f"{name} cannot be read: {error.strerror}") from None
    except (ValueError, RecursionError):
        raise NoEvidenceError(f"{name} is not whole: it is no JSON") from None
    if not isinstance(document, dict):
        raise NoEvidenceError(f"{name} is not what is written there: it is no JSON object")
    return document

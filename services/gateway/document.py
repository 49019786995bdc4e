"""The gateway's public OpenAPI document, as committed: with the paths of the private services."""

import functools
import json
import re
from pathlib import Path
from typing import Any

FILE = Path(__file__).with_name("openapi.json")


@functools.cache
def public() -> dict[str, Any]:
    document: dict[str, Any] = json.loads(FILE.read_text())
    return document


def methods(path: str) -> list[str]:
    """The methods that a path takes; none for a path that the document does not know."""
    return next((allowed for pattern, allowed in _patterns() if pattern.fullmatch(path)), [])


@functools.cache
def _patterns() -> list[tuple[re.Pattern[str], list[str]]]:
    """Paths without parameters first: they win where both fit."""
    paths = sorted(public()["paths"].items(), key=lambda entry: entry[0].count("{"))
    return [
        (re.compile(re.sub(r"{\w+}", "[^/]+", path)), sorted(method.upper() for method in item))
        for path, item in paths
    ]

"""What compose fills into its file, and would show where it complains of it."""

import os
import re
from collections.abc import Iterator

from harness.errors import UsageError
from harness.platforms._compose_settings import Settings
from harness.redaction import Redactor, is_sensitive

_NAMED = re.compile(r"\$\{?([A-Za-z_][A-Za-z0-9_]*)")
_ASSIGNED = re.compile(r"^\s*(?:export\s+)?(\w+)\s*[=:]\s*(.*?)\s*$")


def redactor_of(settings: Settings) -> Redactor:
    """Takes values out of what docker says: those of the env file, of variables that the compose
    file names, and of others whose names tell that they are secrets; never the release's id."""
    redactor = Redactor()
    for name, value in _values(settings):
        if name != settings.release_variable:
            redactor.register(value)
    return redactor


def _values(settings: Settings) -> Iterator[tuple[str, str]]:
    try:
        named = set(_NAMED.findall(settings.file.read_text(errors="replace")))
        lines = settings.env_file.read_text(errors="replace") if settings.env_file else ""
    except OSError as error:
        raise UsageError(f"{error.filename} cannot be read: {error.strerror}") from None
    for name, value in os.environ.items():
        if name in named or is_sensitive(name):
            yield name, value
    for line in lines.splitlines():
        if match := _ASSIGNED.match(line):
            name, value = match.groups()
            yield name, value
            # With a comment after it, or in quotes.
            yield name, value.partition(" #")[0].strip().strip("\"'")

"""The project's documents, taken apart."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
OWN = ("*.md", "docs/**/*.md", ".github/**/*.md", "environments/**/*.md", "services/*.md")
DOCUMENTS = sorted({path for pattern in OWN for path in ROOT.glob(pattern)})
SPAN = re.compile(r"`([^`\n]+)`")


def documents() -> list[object]:
    return [pytest.param(path, id=str(path.relative_to(ROOT))) for path in DOCUMENTS]


def blocks(text: str) -> tuple[str, list[str]]:
    """A document without its code blocks; and these."""
    parts = re.split(r"^[ ]*```.*$", text, flags=re.MULTILINE)
    return "\n".join(parts[0::2]), parts[1::2]


def code(text: str) -> list[str]:
    """The lines of all blocks and spans; one that a backslash ends goes on."""
    prose, found = blocks(text)
    return "\n".join([*SPAN.findall(prose), *found]).replace("\\\n", " ").splitlines()

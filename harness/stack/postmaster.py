"""What a PostgreSQL server tells of itself in a file in its data directory."""

import subprocess
from pathlib import Path

_FILE = "postmaster.pid"


def is_ready(data: Path) -> bool:
    """Whether it takes connections."""
    lines = _lines(data)
    return len(lines) > 7 and lines[7].strip() == "ready"


def memory(data: Path) -> str | None:
    """The id of the shared memory that it holds, or held when it was killed."""
    words = _lines(data)[6:7]
    return words[0].split()[1] if words and len(words[0].split()) > 1 else None


def release(segment: str | None) -> None:
    """Gives back the shared memory of a server that was killed; gone already is as good."""
    if segment is not None:
        subprocess.run(
            ["ipcrm", "-m", segment],  # noqa: S607 - wherever the system keeps it
            capture_output=True,
            check=False,
        )


def forget(data: Path) -> None:
    """Forgets a server of which nothing runs any more: one that was killed had no time to."""
    (data / _FILE).unlink(missing_ok=True)


def _lines(data: Path) -> list[str]:
    try:
        return (data / _FILE).read_text().splitlines()
    except OSError:
        return []

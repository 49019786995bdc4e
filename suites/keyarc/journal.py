"""What a run's journal says of the users that it made."""

import json
from pathlib import Path

from harness.errors import UsageError
from harness.records import JOURNAL

USER = "user"


def left(directory: Path) -> list[str]:
    """The emails of users that a run made and did not remove, in the order of their making.

    Raises:
        UsageError: There is no journal, or it is not one.
    """
    emails: dict[str, None] = {}
    try:
        for line in (directory / JOURNAL).read_text(encoding="utf-8").splitlines():
            entry = json.loads(line)
            if entry["kind"] == USER and entry["event"] == "created":
                emails[entry["name"]] = None
            elif entry["kind"] == USER:
                emails.pop(entry["name"], None)
    except OSError as error:
        raise UsageError(f"no journal in {directory}: {error.strerror}") from None
    except (ValueError, KeyError, TypeError):
        raise UsageError(f"{directory / JOURNAL} is no journal of this version") from None
    return list(emails)

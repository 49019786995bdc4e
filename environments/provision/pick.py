"""Picks fields out of the JSON that flyctl prints: a line for each item, with tabs between.

The arguments are the fields, as `dns_requirements.a`; one that is missing is `-`. An object is a
list of one. For an empty list some of flyctl's commands print a sentence: `No backups found`.
"""

import json
import sys
from typing import Any


def picked(text: str, fields: list[str]) -> list[str]:
    if text.startswith("No "):
        return []
    found = json.loads(text) or []
    items = found if isinstance(found, list) else [found]
    return ["\t".join(_shown(_at(item, field)) for field in fields) for item in items]


def _at(item: Any, field: str) -> Any:
    for key in field.split("."):
        item = item.get(key) if isinstance(item, dict) else None
    return item


def _shown(value: Any) -> str:
    if isinstance(value, list):
        value = ",".join(map(str, value))
    return "-" if value in (None, "") else " ".join(str(value).split())


if __name__ == "__main__":
    try:
        lines = picked(sys.stdin.read(), sys.argv[1:])
    except ValueError:
        sys.exit("flyctl printed something that is no JSON")
    sys.stdout.writelines(f"{line}\n" for line in lines)

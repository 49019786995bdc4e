"""For programs: the verdict as in verdict.json, with every result."""

import json

from harness.model import RunRecord
from harness.records import plain


def render(record: RunRecord) -> str:
    """One JSON document."""
    document = {
        **vars_of(record),
        "directory": str(record.directory),
        "sha256": record.sha256,
        "results": plain(record.results),
    }
    return json.dumps(document, indent=2, allow_nan=False) + "\n"


def vars_of(record: RunRecord) -> dict[str, object]:
    judgement = plain(record.judgement)
    assert isinstance(judgement, dict), "a record is a JSON object"
    return judgement

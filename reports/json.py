"""For programs: the verdict as in verdict.json, with all that was to run and every result."""

import json

from harness.model import RunRecord
from harness.records import plain


def render(record: RunRecord) -> str:
    """One JSON document."""
    judgement = plain(record.judgement)
    assert isinstance(judgement, dict), "a record is a JSON object"
    document = {
        **judgement,
        "directory": None if record.directory is None else str(record.directory),
        "sha256": record.sha256,
        "consequence": plain(record.consequence),
        "declared": plain(record.manifest.declared),
        "excluded": plain(record.manifest.excluded),
        "results": plain(record.results),
    }
    return json.dumps(document, indent=2, allow_nan=False) + "\n"

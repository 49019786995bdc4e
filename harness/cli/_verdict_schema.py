"""The JSON Schema of verdict.json, for whoever reads one: a pipeline, a dashboard."""

from typing import Any

from pydantic import TypeAdapter

from harness.model import SCHEMA_VERSION, Judgement

DESCRIPTIONS = {
    "run_id": "Begins with the time in UTC, so that ids sort by it.",
    "tool_version": "That of keyarc-verify.",
    "environment": "The name in the environment file.",
    "release": "The one that every service had to report; null where none was named.",
    "verdict": "GO: keep it. NO_GO: a required check failed. HOLD: not all was seen. "
    "A file that is missing or does not parse is to be read as HOLD.",
    "reasons": "All that keeps the run from GO, the worst first; empty where it is GO.",
    "counts": "How many checks ended how: pass, flaky, skipped, no_data, error, fail.",
    "started_at": "ISO 8601, UTC.",
    "finished_at": "ISO 8601, UTC.",
    "duration_ms": "From the first request to the verdict, in milliseconds.",
    "evidence": "SHA-256 of the files that the verdict was made of, by name.",
    "schema_version": "Raised when a reader of an earlier one would be misled.",
}
OF_A_REASON = {
    "verdict": "What this alone would make of the run.",
    "text": "What happened, in words.",
    "check": "The id of a check or resource; null where it befell the run as a whole.",
}


def verdict_schema() -> dict[str, Any]:
    """As committed in reports/verdict.schema.json."""
    made = TypeAdapter(Judgement).json_schema(mode="serialization")
    _describe(made, DESCRIPTIONS)
    _describe(made["$defs"]["Reason"], OF_A_REASON)
    made["properties"]["schema_version"] = {
        "const": SCHEMA_VERSION,
        "description": DESCRIPTIONS["schema_version"],
    }
    for time in ("started_at", "finished_at"):
        made["properties"][time]["format"] = "date-time"
    for digest in ("evidence",):
        made["properties"][digest]["additionalProperties"]["pattern"] = "^[0-9a-f]{64}$"
    made["required"] = sorted(made["properties"])
    made["$defs"]["Reason"]["required"] = sorted(made["$defs"]["Reason"]["properties"])
    made["title"] = "verdict.json"
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **made}


def _describe(section: dict[str, Any], descriptions: dict[str, str]) -> None:
    for name, property_ in section["properties"].items():
        property_["description"] = descriptions[name]
        property_.pop("title", None)
        property_.pop("default", None)

"""The JSON Schema of environment files, for editors and for error messages."""

from typing import Any

from harness.environment.sections import Environment


def schema() -> dict[str, Any]:
    """As committed in environments/schema.json."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **Environment.model_json_schema(by_alias=True),
    }


def keys_at(path: tuple[int | str, ...]) -> list[str]:
    """The keys that a section of the file may have; empty where the keys are free.

    Args:
        path: Keys and list positions from the top of the file.
    """
    whole = schema()
    here = whole
    for part in path:
        if isinstance(part, int):
            here = here.get("items", {})
        elif part in here.get("properties", {}):
            here = here["properties"][part]
        else:
            here = _free_keys(here)
        here = _followed(here, whole)
    return sorted(here.get("properties", {}))


def _free_keys(section: dict[str, Any]) -> dict[str, Any]:
    """What stands under a name that the user chose."""
    patterns = list(section.get("patternProperties", {}).values())
    additional = section.get("additionalProperties")
    found = patterns[0] if patterns else additional
    return found if isinstance(found, dict) else {}


def _followed(section: dict[str, Any], whole: dict[str, Any]) -> dict[str, Any]:
    """The section itself where it is a reference, or one that may also be null."""
    for choice in section.get("anyOf", []):
        if choice.get("type") != "null":
            section = choice
            break
    while "$ref" in section:
        section = whole["$defs"][section["$ref"].rsplit("/", 1)[-1]]
    return section

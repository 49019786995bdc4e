"""Placeholders in commands: `{service}` is filled in, and `{{service}}` stands for itself."""

import re
from collections.abc import Callable, Mapping

_PLACEHOLDER = re.compile(r"\{(?P<itself>\{[a-z_]+\})\}|\{(?P<name>[a-z_]+)\}")


def placeholders(text: str) -> list[str]:
    """Their names, in the order in which they stand there."""
    return [match["name"] for match in _PLACEHOLDER.finditer(text) if match["name"]]


def fill_in(
    text: str, values: Mapping[str, str], form: Callable[[str], str] = lambda value: value
) -> str:
    """The text with the value of each.

    Args:
        values: By name; each that stands in the text has one.
        form: What is done to a value first: to escape it, say.
    """
    return _PLACEHOLDER.sub(
        lambda match: match["itself"] or form(values[match["name"]]),
        text,
    )

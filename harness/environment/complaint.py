"""What pydantic found wrong, in a sentence that says what would be right."""

from difflib import get_close_matches
from typing import TYPE_CHECKING

from harness.environment.schema import keys_at
from harness.environment.yaml_tree import Lines

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails


def complaint(problem: "ErrorDetails", lines: Lines) -> str:
    """One sentence for one problem: line, key, what would be right; never the value."""
    path = tuple(part for part in problem["loc"] if part != "[key]")
    place = lines.place(path)
    if problem["type"] == "extra_forbidden":
        return f"{place}: unknown key; {_right_keys(path)}"
    if problem["type"] == "missing":
        return f"{place}: missing"
    if problem["type"] in ("model_type", "dict_type") and not path:
        return f"{place}: a mapping is needed, with name and services"
    if problem["loc"][-1:] == ("[key]",):
        return f"{place}: not a name; lower-case letters, digits and hyphens, a letter first"
    return f"{place}: {problem['msg'].removeprefix('Value error, ')}"


def _right_keys(path: tuple[int | str, ...]) -> str:
    known = keys_at(path[:-1])
    close = get_close_matches(str(path[-1]), known, n=1)
    return f"did you mean {close[0]}?" if close else f"known here: {', '.join(known)}"

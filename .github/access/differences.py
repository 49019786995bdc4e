"""Where what is differs from what should be. Pure: values in, values out."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from github import Request


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One of them.

    Attributes:
        requests: What mends it, in order; none: it can only be mended by hand.
    """

    where: str
    what: str
    requests: tuple[Request, ...] = ()


def unlike(wanted: Any, actual: Any, where: str = "") -> Iterator[str]:
    """Where `actual` is not what is wanted of it.

    All that is wanted has to be so, lists as a whole. What GitHub adds of its own (ids, dates,
    parameters that no file names) is not looked at.
    """
    if isinstance(wanted, dict):
        there = actual if isinstance(actual, dict) else {}
        for key, value in wanted.items():
            yield from unlike(value, there.get(key), f"{where}.{key}" if where else key)
    elif isinstance(wanted, list) and isinstance(actual, list):
        left = [*actual]
        for each in wanted:
            match = next((one for one in left if not any(unlike(each, one))), None)
            if match is not None:
                left.remove(match)
        if left or len(wanted) != len(actual):
            yield f"{where}: {plain(actual)}, should be {plain(wanted)}"
    elif wanted != actual:
        yield f"{where}: {plain(actual)}, should be {plain(wanted)}"


def plain(value: Any) -> str:
    """For people."""
    if value is None:
        return "not told"
    if isinstance(value, list):
        return ", ".join(map(plain, value)) or "none"
    if isinstance(value, dict):
        return "+".join(f"{key}={plain(each)}" for key, each in value.items())
    return str(value).lower() if isinstance(value, bool) else str(value)

"""Elements of a page. Whatever is not made here is text, and is escaped."""

import re
from collections.abc import Iterable
from html import escape

from reports._printable import printable

_VOID = frozenset({"meta"})
_MORE_CHARS = 4000


class Markup(str):
    """What is part of the page as it stands. Only `tag` and `joined` make it of text."""

    __slots__ = ()


def tag(name: str, /, *children: str, **attributes: str | bool | None) -> Markup:
    """One element.

    Args:
        children: Text is escaped, and what could steer a reader in it is spelled out.
        attributes: By name, `class_` for `class`; False and None are left out.
    """
    told = "".join(_attribute(key, value) for key, value in attributes.items())
    if name in _VOID:
        return Markup(f"<{name}{told}>")
    return Markup(f"<{name}{told}>{joined(children)}</{name}>")


def joined(children: Iterable[str], between: str = "") -> Markup:
    """One after the other."""
    return Markup(text(between).join(map(text, children)))


def text(value: str) -> Markup:
    """Text as the page can show it; what is markup already is left alone."""
    return value if isinstance(value, Markup) else Markup(escape(printable(value)))


def block(value: str) -> Markup:
    """Text of several lines, as far as somebody reads it."""
    more = len(value) - _MORE_CHARS
    lines = value[:_MORE_CHARS].split("\n")
    lines += [f"… and {more} characters more"] if more > 0 else []
    return tag("pre", Markup("\n".join(map(text, lines))), tabindex="0")


class Anchors:
    """Names inside the page to link to: each is given out once."""

    def __init__(self, *taken: str) -> None:
        self._of: dict[str, str] = {}
        self._taken = set(taken)

    def of(self, id_: str) -> str:
        """The name for an id; close to it, so that a link can be written by hand."""
        if id_ not in self._of:
            wanted = found = re.sub(r"[^A-Za-z0-9._+-]", "_", id_)[:200] or "_"
            number = 1
            while found in self._taken:
                number += 1
                found = f"{wanted}-{number}"
            self._taken.add(found)
            self._of[id_] = found
        return self._of[id_]


def facts(pairs: Iterable[tuple[str, str | None]], class_: str = "facts") -> Markup:
    """Names and values; what has no value is left out."""
    rows = [joined((tag("dt", name), tag("dd", value))) for name, value in pairs if value]
    return tag("dl", *rows, class_=class_) if rows else Markup("")


def hidden(words: str) -> Markup:
    """For who hears the page."""
    return tag("span", words, class_="heard")


def _attribute(key: str, value: str | bool | None) -> str:
    name = key.rstrip("_").replace("_", "-")
    if value is None or value is False:
        return ""
    return f" {name}" if value is True else f' {name}="{text(value)}"'

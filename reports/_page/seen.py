"""What was expected and seen of each service while a fault lasted, from a cell's evidence."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from reports._page.markup import Markup, hidden, joined, tag
from reports._page.words import seconds
from reports._printable import shortened

_CAPTION = "Health over time, and all that was seen; the dark marks are the injection and the heal"
_LISTED = 24
_BAD_STATUS = 400
_WIDTH = 1000
_LONGEST_MS = 1e12
_DEEPEST = 6
_MARKED = ("injected_ms", "heal_ms")


@dataclass(frozen=True, slots=True)
class Stretch:
    """Looks one after the other that saw the same.

    Attributes:
        until_ms: When the last of them was.
    """

    what: str
    status: int | None
    says: str
    from_ms: float
    until_ms: float
    looks: int = 1


@dataclass(frozen=True, slots=True)
class Span:
    """The time that strips show; `marked_ms` are the injection and the heal."""

    end_ms: float
    marked_ms: Sequence[float]

    def x(self, at_ms: float) -> str:
        """How far to the right."""
        return f"{_WIDTH * min(at_ms, self.end_ms) / self.end_ms:.0f}"


def seen(document: Mapping[str, Any], file: str) -> Markup:
    """A row for each service: what was expected of it, a strip of colours, what it said when."""
    expected = document.get("expected")
    by_service = expected if isinstance(expected, dict) else {}
    timeline = document.get("timeline")
    looks, odd = _looks(timeline if isinstance(timeline, list) else [])
    if not looks and not by_service:
        return tag("p", "Nothing was looked at.", class_="about")
    end_ms = max((at_ms for stretches in looks.values() for at_ms in _ends(stretches)), default=0)
    span = Span(end_ms, tuple(filter(None, (number(document.get(key)) for key in _MARKED))))
    rows = [
        _row(name, by_service.get(name), looks.get(name, []), span, file)
        for name in dict.fromkeys([*map(str, by_service), *looks])
    ]
    heads = (tag("th", name, scope="col") for name in ("Service", "Expected", "Seen"))
    head = tag("thead", tag("tr", *heads))
    table = tag("table", tag("caption", _CAPTION), head, tag("tbody", *rows), class_="seen")
    note = f"{odd} entries of {file} are no looks at a service." if odd else ""
    return joined([table, *([tag("p", note, class_="about")] if note else [])])


def _looks(timeline: Iterable[object]) -> tuple[dict[str, list[Stretch]], int]:
    """By service, in the order of time; and how many entries are something else."""
    entries = list(timeline)
    valid = [look for look in entries if isinstance(look, dict) and _at_ms(look) is not None]
    found: dict[str, list[Stretch]] = {}
    last: dict[tuple[str, str], int] = {}
    for look in sorted(valid, key=lambda look: _at_ms(look) or 0.0):
        service, one = str(look.get("service", "")), _stretch(look)
        own = found.setdefault(service, [])
        index = last.get((service, one.what))
        if index is not None and _is_alike(own[index], one):
            own[index] = replace(own[index], until_ms=one.from_ms, looks=own[index].looks + 1)
        else:
            last[service, one.what] = len(own)
            own.append(one)
    return found, len(entries) - len(valid)


def _at_ms(look: Mapping[str, Any]) -> float | None:
    return number(look.get("at_ms"))


def _stretch(look: Mapping[str, Any]) -> Stretch:
    status, at_ms = look.get("status"), _at_ms(look) or 0.0
    says = look.get("says")
    return Stretch(
        what=str(look.get("what", "")),
        status=status if isinstance(status, int) else None,
        says="" if says is None else str(says),
        from_ms=at_ms,
        until_ms=at_ms,
    )


def _is_alike(one: Stretch, other: Stretch) -> bool:
    return (one.status, one.says) == (other.status, other.says)


def _ends(stretches: Sequence[Stretch]) -> Iterator[float]:
    return (stretch.until_ms for stretch in stretches)


def _row(
    name: str, expected: object, stretches: Sequence[Stretch], span: Span, file: str
) -> Markup:
    listed = [tag("li", _told(stretch)) for stretch in stretches[:_LISTED]]
    if len(stretches) > _LISTED:
        listed.append(tag("li", f"and {len(stretches) - _LISTED} more changes, in {file}"))
    told = joined([_strip(stretches, span), tag("ul", *listed)]) if listed else "nothing"
    return tag("tr", tag("th", name, scope="row"), tag("td", brief(expected)), tag("td", told))


def _told(stretch: Stretch) -> Markup:
    when = seconds(stretch.from_ms)
    if stretch.looks > 1:
        when = f"{when} to {seconds(stretch.until_ms)}"
    status = "no answer" if stretch.status is None else str(stretch.status)
    said = stretch.says if stretch.says.startswith(status) else f"{status} {stretch.says}".strip()
    times = f", {stretch.looks} times" if stretch.looks > 1 else ""
    mark = tag("span", hidden(f"{_class(stretch)}:"), class_=f"mark {_class(stretch)}")
    return joined((mark, tag("b", f"{when} s"), f"{stretch.what} {shortened(said)}{times}"), " ")


def _strip(stretches: Sequence[Stretch], span: Span) -> Markup:
    """Health over time; each colour lasts until the next look that saw something else."""
    health = [stretch for stretch in stretches if stretch.what == "health"]
    if not health or span.end_ms <= 0:
        return Markup("")
    begins = [*(max(0.0, stretch.from_ms) for stretch in health), span.end_ms]
    bars = [
        tag(
            "rect",
            x=span.x(begin),
            width=span.x(max(end - begin, span.end_ms / _WIDTH)),
            height="10",
            class_=_class(stretch),
        )
        for stretch, begin, end in zip(health, begins, begins[1:], strict=False)
    ]
    marks = [tag("line", x1=x, x2=x, y1="0", y2="10") for x in map(span.x, span.marked_ms)]
    box = f"0 0 {_WIDTH} 10"
    return tag("svg", *bars, *marks, viewBox=box, preserveAspectRatio="none", aria_hidden="true")


def _class(stretch: Stretch) -> str:
    if stretch.status is None:
        return "silent"
    return "fail" if stretch.status >= _BAD_STATUS else "pass"


def brief(value: object, depth: int = 0) -> str:
    """A value of a document in a few words; what is empty in it is left out."""
    if depth > _DEEPEST:
        return "…"
    if isinstance(value, dict):
        told = {key: part for key, part in value.items() if not is_empty(part)}
        return shortened("; ".join(pair(key, part, depth + 1) for key, part in told.items()))
    if isinstance(value, list):
        return shortened(", ".join(brief(part, depth + 1) for part in value))
    return shortened(value if isinstance(value, str) else json.dumps(value))


def pair(key: str, value: object, depth: int = 0) -> str:
    """A key and its value; of what is just so, the key alone."""
    return key if value is True else f"{key}: {brief(value, depth)}"


def is_empty(value: object) -> bool:
    """Whether there is nothing to tell; a zero is something."""
    return value is None or value is False or value in ("", [], {})


def number(value: object) -> float | None:
    """A number that can be drawn; None for all else."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if abs(value) < _LONGEST_MS else None


def worded(key: str) -> str:
    """A key of a document as a name."""
    return key.replace("_", " ")

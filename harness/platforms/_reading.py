"""What a tool's JSON says of one service, by the pointers that the environment file gives. Pure."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from harness.deployment import shown
from harness.environment import PlatformCommand, Reading, fill_in
from harness.errors import PlatformError

Wanted = str | int | float | bool | None | list[str | int | float | bool]
_WHATEVER = "*"


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What one command printed, as one service sees it.

    Attributes:
        tree: The JSON.
        values: Of the placeholders.
    """

    command: PlatformCommand
    tree: object
    values: Mapping[str, str]

    @property
    def read(self) -> Reading:
        return self.command.read or Reading()

    def identities(self) -> list[str | None]:
        """That of each instance; None where one tells none yet.

        Raises:
            PlatformError: None of them does.
        """
        found = [text or None for text in self._texts(self.read.identity or "")]
        if found and not any(found):
            raise PlatformError(f"nothing stands at {self._filled(self.read.identity or '')}")
        if not found or self.read.match is None:
            return found
        pattern = re.compile(fill_in(self.read.match, self.values, re.escape))
        matches = [(text, pattern.search(text) if text else None) for text in found]
        if not any(match for _, match in matches):
            seen = ", ".join(shown(text) for text in found if text)
            raise PlatformError(f"`read.match` matches none of what stands there: {seen}")
        return [
            match[pattern.groups] if match else None
            for text, match in matches
            if match or text is None
        ]

    def one(self, pointer: str | None) -> str | None:
        """What stands there, the same for all instances; None where none is to be read.

        Raises:
            PlatformError: Nothing stands there, or several things.
        """
        if pointer is None:
            return None
        found = {text for text in self._texts(pointer) if text}
        if len(found) != 1:
            several = f"several things stand at {self._filled(pointer)}: {', '.join(sorted(found))}"
            raise PlatformError(several if found else f"nothing stands at {self._filled(pointer)}")
        return found.pop()

    def each(self, pointer: str | None, count: int) -> list[str]:
        """What stands there beside each of so many; empty where none is to be read.

        Raises:
            PlatformError: It is not as many.
        """
        if pointer is None:
            return [""] * count
        found = [text for text in self._texts(pointer) if text]
        if len(found) != count:
            raise PlatformError(f"{len(found)} stand at {self._filled(pointer)}, not {count}")
        return found

    def is_changing(self) -> bool:
        """Whether an operation is under way."""
        conditions = self.command.changing.items()
        return any(self._is_one(pointer, wanted) for pointer, wanted in conditions)

    def troubles(self) -> Iterator[str]:
        """Each condition that does not hold. Where a list is empty, none does."""
        for pointer, wanted in self.command.expect.items():
            found = self._standing(pointer)
            wrong = [value for value in found if not self._fits(value, wanted)]
            if wrong and wanted is None:
                yield f"something stands at {self._filled(pointer)}, and nothing may"
            elif wrong or not found:
                came = _came(wrong[0]) if wrong else "an empty list"
                yield f"{self._filled(pointer)} is {came}, not {self._said(wanted)}"
        for pointer, wanted in self.command.has.items():
            if not self._is_one(pointer, wanted):
                yield f"nothing at {self._filled(pointer)} is {self._said(wanted)}"

    def _is_one(self, pointer: str, wanted: Wanted) -> bool:
        return any(self._fits(value, wanted) for value in self._standing(pointer))

    def _fits(self, value: object, wanted: Wanted) -> bool:
        if wanted is None or value is None:
            return wanted is value
        return wanted == _WHATEVER or _text(value) in self._choices(wanted)

    def _choices(self, wanted: Wanted) -> list[str | None]:
        choices = wanted if isinstance(wanted, list) else [wanted]
        return [self._filled(each) if isinstance(each, str) else _text(each) for each in choices]

    def _said(self, wanted: Wanted) -> str:
        return " or ".join(each or "nothing" for each in self._choices(wanted))

    def _filled(self, text: str) -> str:
        return fill_in(text, self.values)

    def _texts(self, pointer: str) -> list[str | None]:
        return [_text(value) for value in self._standing(pointer)]

    def _standing(self, pointer: str) -> list[object]:
        return list(_standing(self.tree, self._filled(pointer).split("/")[1:]))


def _standing(tree: object, parts: list[str]) -> Iterator[object]:
    """All that a pointer points at; None for each place where nothing stands."""
    if not parts:
        yield tree
        return
    key = parts[0].replace("~1", "/").replace("~0", "~")
    if isinstance(tree, list) and key == _WHATEVER:
        for item in tree:
            yield from _standing(item, parts[1:])
    elif isinstance(tree, dict) and key in tree:
        yield from _standing(tree[key], parts[1:])
    elif isinstance(tree, list) and _position(key, len(tree)) is not None:
        yield from _standing(tree[int(key)], parts[1:])
    else:
        yield None


def _position(key: str, length: int) -> int | None:
    is_one = key == "-1" or (key.isascii() and key.isdecimal())
    return int(key) if is_one and -length <= int(key) < length else None


def _text(value: object) -> str | None:
    """So that `3`, `3.0` and `"3"` are the same; None for what is no single value."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value) if isinstance(value, str | int | float) else None


def _came(value: object) -> str:
    if value is None:
        return "nothing"
    return _text(value) or ("an empty text" if value == "" else "no single value")

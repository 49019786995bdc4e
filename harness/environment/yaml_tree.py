"""YAML read twice over: as values, and as the lines that the values stand on."""

from pathlib import Path
from typing import Any

import yaml

from harness.errors import EnvironmentFileError

Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
KeyPath = tuple[int | str, ...]


class Lines:
    """Where in the file each key stands, counted from 1."""

    def __init__(self) -> None:
        self._line_of: dict[KeyPath, int] = {}

    def add(self, path: KeyPath, line: int) -> None:
        self._line_of[path] = line

    def place(self, path: KeyPath) -> str:
        """`line 7: services.auth.url`; the nearest key above where this one is not written."""
        above = path
        while above and above not in self._line_of:
            above = above[:-1]
        name = ".".join(map(str, path)) or "the file"
        return f"line {self._line_of[above]}: {name}" if above else name


def read_tree(file: Path) -> tuple[object, Lines]:
    """The values of a YAML file, and their lines.

    Raises:
        EnvironmentFileError: Unreadable, not YAML, or a key stands there twice.
    """
    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not UTF-8 text"
        raise EnvironmentFileError(file, [f"cannot be read: {reason}"]) from None
    loader = Loader(text)
    try:
        node = loader.get_single_node()
        if node is None:
            raise EnvironmentFileError(file, ["is empty; name and services are needed"])
        lines, doubles = Lines(), list[str]()
        _walk(node, (), (lines, doubles))
        if doubles:
            raise EnvironmentFileError(file, doubles)
        return loader.construct_document(node), lines
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        line = f"line {mark.line + 1}: " if mark else ""
        raise EnvironmentFileError(file, [f"{line}not YAML: {error.problem}"]) from None
    except yaml.YAMLError:
        raise EnvironmentFileError(
            file, ["not YAML: it holds characters that YAML forbids"]
        ) from None
    finally:
        loader.dispose()


def _walk(node: yaml.Node, path: KeyPath, found: tuple[Lines, list[str]]) -> None:
    lines, doubles = found
    if isinstance(node, yaml.SequenceNode):
        for index, item in enumerate(node.value):
            lines.add((*path, index), item.start_mark.line + 1)
            _walk(item, (*path, index), found)
    if isinstance(node, yaml.MappingNode):
        seen = set[str]()
        for key, value in node.value:
            if isinstance(key, yaml.ScalarNode):
                # A key is text: YAML takes a bare `off` for a truth value.
                key.tag = "tag:yaml.org,2002:str"
            name, line = str(key.value), key.start_mark.line + 1
            if name in seen:
                doubles.append(
                    f"line {line}: {'.'.join(map(str, (*path, name)))} stands here twice"
                )
            seen.add(name)
            lines.add((*path, name), line)
            _walk(value, (*path, name), found)

"""A real git repository of a test."""

import subprocess
from collections.abc import Iterable, Mapping
from pathlib import Path

from tests.scripts.step import PLAIN

QUIET = {"GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_SYSTEM": "/dev/null"}
Change = Mapping[str, str | None]


class Repository:
    """On `main`, with a first commit of these files."""

    def __init__(self, path: Path, files: Change) -> None:
        self.path = path
        path.mkdir()
        self._clock = 1_700_000_000
        self.git("init", "-q", "-b", "main")
        (self.first,) = self.commits([files])

    def commits(self, changes: Iterable[Change]) -> list[str]:
        """A commit for each change, which writes files or removes them; their ids."""
        lines = []
        changes = list(changes)
        for mark, change in enumerate(changes, 1):
            lines += ["commit refs/heads/main", f"mark :{mark}"]
            # Each is younger than those before: git lists them by that where nothing else counts.
            self._clock += 60
            lines += [f"committer Tester <tester@example.org> {self._clock} +0000", "data 1", "."]
            lines += ["from refs/heads/main^0"] if mark == 1 and hasattr(self, "first") else []
            for name, content in change.items():
                if content is None:
                    lines.append(f"D {name}")
                else:
                    size = len(content.encode())
                    lines += [f"M 100644 inline {name}", f"data {size}", content]
        self.git("fast-import", "--quiet", "--export-marks=.git/marks", text="\n".join(lines))
        marks = dict(line.split() for line in (self.path / ".git/marks").read_text().splitlines())
        self.git("reset", "-q", "--hard")
        return [marks[f":{mark}"] for mark in range(1, len(changes) + 1)]

    def git(self, *words: str, text: str = "") -> str:
        return subprocess.run(
            ["git", *words],
            cwd=self.path,
            env={**PLAIN, **QUIET},
            input=text,
            capture_output=True,
            text=True,
            check=True,
        ).stdout.strip()

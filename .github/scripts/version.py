"""Versions, and where this project says its own: tags, `harness/__init__.py` and CHANGELOG.md."""

import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

from escape import plain
from step import UsageError

MODULE = Path("harness/__init__.py")
CHANGELOG = Path("CHANGELOG.md")
UNRELEASED = "## Unreleased"
_VERSION = re.compile(r"(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)", re.ASCII)
_DECLARED = re.compile(r'^__version__ = "([^"]*)"$', re.MULTILINE)
_HEADING = re.compile(r"^## .*$", re.MULTILINE)


@dataclass(frozen=True, order=True, slots=True)
class Version:
    """Semantic, without pre-releases (semver.org)."""

    major: int
    minor: int
    patch: int

    @classmethod
    def parse(cls, text: str) -> "Version":
        match = _VERSION.fullmatch(text)
        if not match:
            raise UsageError(f"a version is MAJOR.MINOR.PATCH, such as 0.2.0, not {plain(text)!r}")
        return cls(*map(int, match.groups()))

    def __str__(self) -> str:
        return f"{self.major}.{self.minor}.{self.patch}"

    def next(self, part: str) -> "Version":
        if part == "major":
            return Version(self.major + 1, 0, 0)
        if part == "minor":
            return Version(self.major, self.minor + 1, 0)
        return Version(self.major, self.minor, self.patch + 1)


def requested(text: str, released: list[Version]) -> Version:
    """What `major`, `minor`, `patch` or a version mean after those released; first is 0.1.0."""
    last = max(released, default=Version(0, 0, 0))
    wanted = last.next(text) if text in ("major", "minor", "patch") else Version.parse(text)
    if wanted <= last:
        raise UsageError(f"{wanted} does not come after {last}, the last release")
    return wanted


def released(root: Path, *, but: str = "") -> list[Version]:
    """The versions that have a tag `v1.2.3`, but for one."""
    words = ["git", "-C", str(root), "tag", "--list", "v*"]
    ended = subprocess.run(words, capture_output=True, text=True, check=False)
    if ended.returncode != 0:
        raise UsageError(f"git tag: {ended.stderr.strip()}")
    return [
        Version.parse(tag[1:])
        for tag in ended.stdout.split()
        if tag != but and _VERSION.fullmatch(tag[1:])
    ]


def declared(root: Path) -> Version:
    """What `keyarc-verify --version` says."""
    match = _DECLARED.search((root / MODULE).read_text("utf-8"))
    if not match:
        raise UsageError(f"{MODULE} has no line __version__ = …")
    return Version.parse(match[1])


def declare(root: Path, version: Version) -> None:
    declared(root)
    file = root / MODULE
    file.write_text(_DECLARED.sub(f'__version__ = "{version}"', file.read_text("utf-8")), "utf-8")


def sections(root: Path) -> dict[str, str]:
    """What CHANGELOG.md has below each heading of the second level."""
    text = (root / CHANGELOG).read_text("utf-8")
    headings = list(_HEADING.finditer(text))
    ends = [*(each.start() for each in headings[1:]), len(text)]
    # Without any heading there is one end too many.
    return {
        heading[0].strip(): text[heading.end() : end].strip()
        for heading, end in zip(headings, ends, strict=False)
    }


def notes(root: Path, version: Version) -> str:
    """What the changelog says of a version: `## 1.2.3 - 2026-01-31` and what is below."""
    heading = re.compile(rf"## {re.escape(str(version))} - \d{{4}}-\d\d-\d\d", re.ASCII)
    found = [text for each, text in sections(root).items() if heading.fullmatch(each)]
    if not found:
        raise UsageError(f"{CHANGELOG} has no section '## {version} - YYYY-MM-DD'")
    if not found[0]:
        raise UsageError(f"{CHANGELOG} says nothing of {version}")
    return found[0]

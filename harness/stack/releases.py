"""The releases of a local stack: a folder each, taken once, and never changed after.

`ID/tree` holds the files, `ID/release.json` what is known of them.
"""

import json
import os
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from harness.errors import UsageError
from harness.release_id import PATTERN, checked
from harness.stack import trees
from harness.stack.state import RELEASES

VERSION = 1
PARTIAL = ".taking-"


@dataclass(frozen=True, slots=True, kw_only=True)
class Release:
    """What is known of a stored release.

    Attributes:
        release: Its id.
        identity: Over its files, as they were when it was taken.
        taken_at: ISO 8601, UTC.
        source: What it was taken from, for people.
        tree: Where its files are.
    """

    release: str
    identity: str
    taken_at: str
    source: str
    tree: Path

    def damage(self) -> str | None:
        """What keeps it from being what was taken; None: nothing."""
        try:
            now = trees.identity(trees.all_in(self.tree))
        except (OSError, UsageError) as error:
            return f"release {self.release} cannot be read any more: {error}"
        if now != self.identity:
            return f"release {self.release} is damaged: its files are not those that were taken"
        return None


class Store:
    """The releases of one environment.

    Args:
        folder: Where they are; made when the first one is taken.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def take(self, release: str, sources: trees.Sources, source: str) -> Release:
        """Copies a release into the store, whole or not at all.

        Args:
            release: Its id.
            sources: What it consists of.
            source: What that was taken from, for people.

        Raises:
            UsageError: There is another one of this id already, or a file can be no part of it.
        """
        checked(release)
        self._make()
        partial = Path(tempfile.mkdtemp(prefix=f"{PARTIAL}{os.getpid()}-", dir=self.folder))
        try:
            taken = self._copied(partial, release, sources, source)
            try:
                partial.rename(self.folder / release)
            except OSError:
                return self._there_already(taken)
            trees.settle(self.folder)
        finally:
            shutil.rmtree(partial, ignore_errors=True)
        return taken

    def find(self, release: str) -> Release:
        """A stored release.

        Raises:
            UsageError: There is none of this id, or what is there cannot be read.
        """
        checked(release)
        folder = self.folder / release
        if not folder.is_dir():
            known = ", ".join(self.ids()) or "none"
            raise UsageError(
                f"release {release} is not stored here; known: {known}; "
                "`keyarc-verify deploy --from` takes one"
            )
        try:
            about = json.loads((folder / "release.json").read_text())
            return _release(about, folder)
        except (OSError, ValueError, TypeError, KeyError, AttributeError):
            raise UsageError(
                f"{folder / 'release.json'}: cannot be read any more; remove {folder}, and take "
                "the release again"
            ) from None

    def ids(self) -> list[str]:
        """Every stored release, the newest first."""
        try:
            found = [each for each in self.folder.iterdir() if PATTERN.fullmatch(each.name)]
        except OSError:
            return []
        return [each.name for each in sorted(found, key=_time, reverse=True)]

    def of(self, identity: str, release: str | None = None) -> Release:
        """The stored release of an identity; of several, the one of that id.

        Raises:
            UsageError: There is none.
        """
        for each in dict.fromkeys([*([release] if release else []), *self.ids()]):
            try:
                found = self.find(each)
            except UsageError:
                continue
            if found.identity == identity:
                return found
        named = f"release {release}, " if release else ""
        raise UsageError(f"{named}{identity[:19]}: no such files are stored in {self.folder}")

    def _make(self) -> None:
        try:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            (self.folder.parent / ".gitignore").write_text("*\n")
            for left in self.folder.glob(f"{PARTIAL}*"):
                if not Path(f"/proc/{left.name.split('-')[1]}").exists():
                    shutil.rmtree(left, ignore_errors=True)
        except OSError as error:
            raise UsageError(
                f"{self.folder}: cannot keep releases here: {error.strerror}; "
                "run from a directory that you may write to"
            ) from None

    def _copied(self, partial: Path, release: str, sources: trees.Sources, source: str) -> Release:
        tree = partial / "tree"
        tree.mkdir()
        trees.copy(sources, tree)
        about = Release(
            release=release,
            # Over the copy: whatever is written to the original meanwhile.
            identity=trees.identity(trees.all_in(tree)),
            taken_at=datetime.now(UTC).isoformat(timespec="seconds"),
            source=source,
            tree=self.folder / release / "tree",
        )
        kept = {name: value for name, value in asdict(about).items() if name != "tree"}
        file = partial / "release.json"
        file.write_text(json.dumps({"version": VERSION, **kept}, indent=1))
        trees.settle(file)
        trees.settle(partial)
        return about

    def _there_already(self, taken: Release) -> Release:
        there = self.find(taken.release)
        damage = there.damage()
        if damage:
            raise UsageError(f"{damage}; remove {there.tree.parent}, and take it again")
        if there.identity != taken.identity:
            raise UsageError(
                f"release {taken.release} is stored already, with other content, taken from "
                f"{there.source} at {there.taken_at}; give this one another id"
            )
        return there


def store_of(state_dir: Path) -> Store:
    """The store that belongs to a stack's state directory; it outlives the stack."""
    return Store(state_dir.parent / RELEASES / state_dir.name)


def _release(about: Mapping[str, str], folder: Path) -> Release:
    texts = {name: about[name] for name in ("release", "identity", "taken_at", "source")}
    if not all(isinstance(text, str) for text in texts.values()):
        raise ValueError(folder)
    return Release(tree=folder / "tree", **texts)


def _time(folder: Path) -> tuple[int, str]:
    return folder.stat().st_mtime_ns, folder.name

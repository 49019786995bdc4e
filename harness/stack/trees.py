"""Which files make a release, and the identity over them."""

import hashlib
import os
import shutil
import stat
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from harness.environment import Environment, Program
from harness.errors import UsageError

# What is found at the top of a release, by name, and where it is.
Sources = Mapping[str, Path]


@dataclass(frozen=True, slots=True)
class Parts:
    """What an environment's programs need of a directory.

    Attributes:
        required: Top-level packages or modules that hold the programs.
        optional: What they also name, taken where it stands beside those.
        whole: A command may need anything: the whole directory is taken.
    """

    required: tuple[str, ...]
    optional: tuple[str, ...]
    whole: bool

    @property
    def packages(self) -> frozenset[str]:
        return frozenset((*self.required, *self.optional))

    def among(self, root: Path) -> dict[str, Path]:
        """Where they are in a directory.

        Raises:
            UsageError: A program's package is not there.
        """
        if self.whole:
            return all_in(root)
        missing = [name for name in self.required if _top(root, name) is None]
        if missing:
            raise UsageError(
                f"{root}: there is no {missing[0]!r} in it, which the stack's programs name; "
                "give the directory that holds it"
            )
        found = [_top(root, name) for name in dict.fromkeys((*self.required, *self.optional))]
        return {each.name: each for each in found if each is not None}


def parts_of(environment: Environment) -> Parts:
    """What a release of this environment consists of: its services and its migration.

    What stands in `stack` alone, a proxy in front, say, is no part of it.
    """
    assert environment.stack is not None, "only what is started here is deployed here"
    stack = environment.stack
    programs: list[Program] = [
        *([stack.migrate] if stack.migrate else []),
        *(each for name, each in stack.services.items() if name in environment.services),
    ]
    pythons = [program.python for program in programs if program.python]
    return Parts(
        required=tuple(dict.fromkeys(each.app.split(":")[0].split(".")[0] for each in pythons)),
        optional=tuple(
            dict.fromkeys(name.split(".")[0] for each in pythons for name in each.preload)
        ),
        whole=any(program.command for program in programs),
    )


def all_in(root: Path) -> dict[str, Path]:
    """Everything in a directory, without what is kept there beside the code."""
    return {each.name: each for each in root.iterdir() if not _is_ignored(each)}


def identity(sources: Sources) -> str:
    """`sha256:…` over paths, what may be executed, and contents.

    Raises:
        UsageError: Something in it can be no part of a release.
    """
    total = hashlib.sha256()
    for name, path in _entries(sources):
        mode = path.lstat().st_mode
        if stat.S_ISLNK(mode):
            kind, content = b"link", os.fsencode(path.readlink())
        else:
            kind = b"program" if mode & stat.S_IXUSR else b"file"
            content = path.read_bytes()
        for part in (kind, os.fsencode(name), content):
            total.update(len(part).to_bytes(8, "big") + part)
    return f"sha256:{total.hexdigest()}"


def copy(sources: Sources, target: Path) -> None:
    """Copies them, so that they survive a crash of this machine.

    Raises:
        UsageError: Something in it can be no part of a release.
    """
    for name, path in _entries(sources):
        copied = target / name
        copied.parent.mkdir(parents=True, exist_ok=True)
        if path.is_symlink():
            copied.symlink_to(path.readlink())
            continue
        shutil.copyfile(path, copied)
        copied.chmod(0o755 if path.stat().st_mode & stat.S_IXUSR else 0o644)
        settle(copied)
    for folder, _, _ in os.walk(target):
        settle(Path(folder))


def settle(path: Path) -> None:
    """Returns when a file or folder is on the disk."""
    file = os.open(path, os.O_RDONLY)
    try:
        os.fsync(file)
    finally:
        os.close(file)


def _entries(sources: Sources) -> Iterator[tuple[str, Path]]:
    """Every file and link, with its name in the release, in one order everywhere."""
    found = [(name, path) for name, top in sources.items() for path in _below(top)]
    named = [(_name(name, sources[name], path), path) for name, path in found]
    yield from sorted(named)


def _name(name: str, top: Path, path: Path) -> str:
    return name if path == top else f"{name}/{path.relative_to(top).as_posix()}"


def _below(top: Path) -> Iterable[Path]:
    if top.is_symlink() or not top.is_dir():
        yield _sound(top, top.parent)
        return
    for folder, folders, files in os.walk(top):
        here = Path(folder)
        for name in [*folders, *files]:
            if (here / name).is_symlink() or name in files:
                yield _sound(here / name, top.parent)
        folders[:] = [name for name in folders if not _is_ignored(here / name)]


def _sound(path: Path, root: Path) -> Path:
    """A path that can be part of a release.

    Raises:
        UsageError: It cannot.
    """
    mode = path.lstat().st_mode
    if stat.S_ISLNK(mode):
        target = path.readlink()
        if target.is_absolute() or not path.resolve().is_relative_to(root.resolve()):
            raise UsageError(f"{path}: a link that leads out of the release; put a file there")
    elif not stat.S_ISREG(mode):
        raise UsageError(f"{path}: neither file, folder nor link; it can be no part of a release")
    return path


def _is_ignored(path: Path) -> bool:
    """What a tool or a person keeps beside the code."""
    if path.is_symlink() or not path.is_dir():
        return False
    return (
        path.name.startswith(".") or path.name == "__pycache__" or (path / "pyvenv.cfg").is_file()
    )


def _top(root: Path, name: str) -> Path | None:
    places = (root / name, root / f"{name}.py")
    return next((each for each in places if each.is_dir() or each.is_file()), None)

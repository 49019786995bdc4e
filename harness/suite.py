"""A suite: the checks and resources of a Python package."""

import pkgutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from types import ModuleType

from harness.check import Check, Resource, mark_of
from harness.errors import UsageError

RESOURCES = "resources"
_TESTS = ("test_*.py", "*_test.py")


@dataclass(frozen=True, slots=True)
class Suite:
    """What a package holds; resources by name."""

    package: str
    checks: tuple[Check, ...]
    resources: dict[str, Resource]


def load(package: str) -> Suite:
    """Imports every module of a package and takes its checks and resources.

    Raises:
        UsageError: It cannot be imported, a check file holds no check, or two resources share a
            name.
    """
    folder = _folder(package)
    names = [m.name for m in pkgutil.iter_modules([str(folder)]) if not m.name.startswith("_")]
    modules = {name: imported(f"{package}.{name}") for name in names if name != "conftest"}
    checks: list[Check] = []
    resources: dict[str, Resource] = {}
    for name, module in modules.items():
        found = list(checks_of(module, package))
        if not found and name != RESOURCES:
            raise UsageError(f"{module.__name__} holds no check; mark one with @check")
        checks += found
        _add(resources, module)
    return Suite(package, tuple(checks), resources)


def checks_of(module: ModuleType, package: str) -> Iterator[Check]:
    """The checks that a module defines itself, in the order in which they stand there."""
    for name, candidate in vars(module).items():
        mark = mark_of(candidate)
        if mark is not None and mark.service and candidate.__module__ == module.__name__:
            within = module.__name__.removeprefix(package).lstrip(".")
            id_ = f"{package.rpartition('.')[2]}.{within}.{name}"
            yield Check(id=id_, service=mark.service, function=candidate, writes=mark.writes)


def check_files(package: str) -> list[Path]:
    """The files of a suite in which checks are expected."""
    names = (m.name for m in pkgutil.iter_modules([str(_folder(package))]))
    wanted = (n for n in names if not n.startswith("_") and n not in (RESOURCES, "conftest"))
    return [_folder(package) / f"{name}.py" for name in wanted]


def imported(name: str) -> ModuleType:
    """Imports a module of a suite. Raises UsageError: says what kept it from being imported."""
    try:
        return import_module(name)
    except Exception as error:
        raise UsageError(f"{name} cannot be imported: {type(error).__name__}: {error}") from error


@dataclass(frozen=True, slots=True)
class Folder:
    """Where a suite is: `package` imports it, where it is below a folder that is imported from."""

    path: Path
    package: str | None = None

    @property
    def holds_tests(self) -> bool:
        """Plain ones of pytest, instead of checks."""
        return any(next(self.path.rglob(name), None) for name in _TESTS)

    @property
    def holds_checks(self) -> bool:
        files = self.path.glob("*.py") if self.package else ()
        return any("@check" in file.read_text("utf-8", "replace") for file in files)


def folders() -> dict[str, Folder]:
    """The suites in suites/, below the current directory or beside the harness, by name."""
    found = [
        Folder(path, f"suites.{path.name}")
        for root in _roots()
        for path in sorted((root / "suites").glob("*/"))
    ]
    known = {folder.path.name: folder for folder in reversed(found)}
    return {n: f for n, f in sorted(known.items()) if f.holds_tests or f.holds_checks}


def find_folder(name: str) -> Folder:
    """A suite by its name, its package or its path, which has a slash in it.

    Raises:
        UsageError: There is none; lists the known ones.
    """
    known = folders()
    if name in known:
        return known[name]
    words = name.split(".")
    below = [root.joinpath(*words) for root in _roots()] if all(words) and len(words) > 1 else []
    path = next(filter(Path.is_dir, [Path(name)] if "/" in name else below), None)
    if path is None:
        names = ", ".join(known) or "none"
        raise UsageError(f"unknown suite {name!r}; known: {names}; or name a folder: ./my/tests")
    folder = Folder(path.resolve(), _package(path.resolve()))
    if not folder.holds_tests and not folder.holds_checks:
        raise UsageError(f"suite {name} holds no tests ({' or '.join(_TESTS)}) and no checks")
    return folder


def _package(path: Path) -> str | None:
    root = next((root for root in _roots() if path.is_relative_to(root)), None)
    return ".".join(path.relative_to(root).parts) if root else None


def _roots() -> list[Path]:
    return list(dict.fromkeys([Path.cwd().resolve(), Path(__file__).resolve().parents[1]]))


def _folder(package: str) -> Path:
    try:
        module = import_module(package)
    except ModuleNotFoundError:
        # A suite of one's own lies where the command is run.
        sys.path.append(str(Path.cwd()))
        module = imported(package)
    if not hasattr(module, "__path__"):
        raise UsageError(f"suite {package} is a module; a package of check files is needed")
    return Path(next(iter(module.__path__)))


def _add(resources: dict[str, Resource], module: ModuleType) -> None:
    for candidate in vars(module).values():
        mark = mark_of(candidate)
        if mark is None or mark.service is not None:
            continue
        made = Resource(name=candidate.__name__, function=candidate, writes=mark.writes)
        known = resources.setdefault(made.name, made)
        if known.function is not candidate:
            raise UsageError(f"{module.__name__}: a second resource is named {made.name}")

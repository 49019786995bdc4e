"""Which services a range of commits changes, and why.

| what changed | whom it changes |
|---|---|
| a service's own folder | that service |
| what every image is made of: Dockerfile, its ignore file, lock, what containers run first | all |
| another file that services share, migrations included | auth, account, keys |
| a module that gateway or frontend import, over however many others | that one too |

auth, account and keys share the database: tables, migrations and the revision that each reports
must be those of one commit. gateway and frontend have none: for them only what they import counts.

The imports are those of the later commit. That is enough: where an import came or went, a file has
changed that the service imports before and after.
"""

import ast
import io
import re
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import PurePosixPath

from escape import plain
from images import SERVICES
from step import UsageError

SHARING = ("auth", "account", "keys")
# Of the project, beside what is directly in services/ and no Python module.
_EVERY_IMAGE = ".dockerignore"
_DOCKERFILE = "services/Dockerfile"
_STARTED = re.compile(r'"-m",\s*"(services\.[\w.]+)"')


def changed(base: str, head: str, repository: str = ".") -> dict[str, str]:
    """The services that differ between two commits, each with the first path that made it so."""
    words = ("--verify", "--quiet", "--end-of-options")
    commits = [
        _git(repository, "rev-parse", *words, f"{each}^{{commit}}").strip() for each in (base, head)
    ]
    names = _git(repository, "diff", "--name-only", "--no-renames", "-z", *commits, "--")
    paths = [path for path in names.split("\0") if path]
    tree = _Tree(repository, commits[1])
    return {
        service: path
        for service in SERVICES
        if (path := next((each for each in paths if tree.concerns(each, service)), None))
    }


def imported(service: str, commit: str = "HEAD", repository: str = ".") -> set[str]:
    """The files that a service's modules import, over however many others, and its own."""
    return _Tree(repository, commit).closure(service)


class _Tree:
    """The services' modules in one commit."""

    def __init__(self, repository: str, commit: str) -> None:
        words = ("-r", "--full-tree", "-z", commit, "--", "services")
        lines = [each for each in _git(repository, "ls-tree", *words).split("\0") if each]
        # MODE TYPE OBJECT, a tab, the path.
        objects = {
            path: head.split()[2] for head, _, path in (each.partition("\t") for each in lines)
        }
        wanted = {path: each for path, each in objects.items() if _is_read(path)}
        contents = _contents(repository, list(wanted.values()))
        self._sources = dict(zip(wanted, contents, strict=True))
        self._files = set(objects)
        self._imports = {
            service: self.closure(service) for service in SERVICES if service not in SHARING
        }

    def concerns(self, path: str, service: str) -> bool:
        """Whether the file is in the service's image, or changes what is."""
        if path == _EVERY_IMAGE:
            return True
        if not path.startswith("services/"):
            return False
        if owner := _owner(path):
            return owner == service
        if service in SHARING:
            return True
        code = path.endswith(".py") or path.startswith("services/migrations/")
        return path in self._imports[service] if code else True

    def closure(self, service: str) -> set[str]:
        """The files that a service's modules import, and those of what its container starts.

        Other services' are not among them: they are in no image but their own, and what generates
        the OpenAPI documents imports them all.
        """
        started = _STARTED.findall(self._sources.get(_DOCKERFILE, ""))
        own = [each for each in self._files if each.startswith(f"services/{service}/")]
        ahead = own + [file for module in started for file in self._of(module)]
        found: set[str] = set()
        while ahead:
            file = ahead.pop()
            owner = _owner(file)
            if file not in found and file.endswith(".py") and owner in (None, service):
                found.add(file)
                modules = imports(self._sources[file], file)
                ahead += [each for module in modules for each in self._of(module)]
        return found

    def _of(self, module: str) -> Iterator[str]:
        """The files of a module, and of the packages around it; none for what is no module here."""
        parts = module.split(".")
        for count in range(1, len(parts) + 1):
            stem = "/".join(parts[:count])
            yield from self._files & {f"{stem}.py", f"{stem}/__init__.py"}


def _is_read(path: str) -> bool:
    return path == _DOCKERFILE or path.endswith(".py")


def _owner(path: str) -> str | None:
    """The service whose own folder a file is in."""
    parts = PurePosixPath(path).parts
    return parts[1] if len(parts) > 2 and parts[1] in (*SERVICES, "edge") else None


def imports(source: str, file: str) -> Iterator[str]:
    """Full names that a module may import; `from a import b` is a.b as well as a."""
    package = list(PurePosixPath(file).parent.parts)
    try:
        tree = ast.parse(source)
    except SyntaxError as error:
        raise UsageError(f"{file}, line {error.lineno}: {error.msg}") from None
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            module = ".".join([*base, *([node.module] if node.module else [])])
            yield from (f"{module}.{alias.name}" for alias in node.names)


def ancestors(commit: str, most: int, repository: str = ".") -> list[str]:
    """The commit, and those before it along the branch, newest first."""
    words = ("--first-parent", f"--max-count={most}", "--end-of-options", commit, "--")
    return _git(repository, "rev-list", *words).split()


def _contents(repository: str, objects: list[str]) -> Iterator[str]:
    """The texts of git's objects, in their order; all with one process."""
    stream = io.BytesIO(_output(repository, "cat-file", "--batch", text="\n".join(objects)))
    for _ in objects:
        # OBJECT TYPE SIZE, the content, a line feed.
        size = int(stream.readline().split()[2])
        yield stream.read(size).decode("utf-8", "replace")
        stream.read(1)


def _git(repository: str, *words: str) -> str:
    return _output(repository, *words).decode("utf-8", "surrogateescape")


def _output(repository: str, *words: str, text: str = "") -> bytes:
    ended = subprocess.run(
        ["git", "-C", repository, *words],  # noqa: S607
        input=text.encode(),
        capture_output=True,
        check=False,
    )
    if ended.returncode != 0:
        why = ended.stderr.decode("utf-8", "replace").strip() or "no such commit here"
        raise UsageError(f"git {words[0]} {words[-1]}: {why}")
    return ended.stdout


def describe(found: Mapping[str, str]) -> str:
    """A line for each service that changed."""
    return "".join(f"{service}\t{plain(path)}\n" for service, path in found.items())

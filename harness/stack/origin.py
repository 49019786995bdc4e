"""Where a release is taken from: a directory, or a git ref."""

import shutil
import subprocess
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath

from harness.errors import UsageError
from harness.stack.trees import Parts, Sources


@contextmanager
def opened(origin: str, parts: Parts) -> Iterator[tuple[Sources, str]]:
    """The files of a directory, or of a commit of the repository here.

    Args:
        origin: A directory's path, or else a git ref.
        parts: What of it makes a release.

    Yields:
        The files, and what they were taken from, for people.

    Raises:
        UsageError: It is neither, or not one that the programs are in.
    """
    if not origin:
        raise UsageError("--from: empty; give a directory or a git ref")
    if Path(origin).is_dir():
        root = Path(origin).absolute()
        yield parts.among(root), str(root)
        return
    commit = _commit(origin)
    with tempfile.TemporaryDirectory(prefix="keyarc-verify-") as folder:
        _extract(commit, parts, Path(folder))
        try:
            yield parts.among(Path(folder)), f"{origin}, commit {commit}"
        except UsageError as error:
            raise UsageError(str(error).replace(folder, f"git {origin}")) from None


def _commit(ref: str) -> str:
    """The commit that a ref names.

    Raises:
        UsageError: None, or there is no repository here.
    """
    words = ["git", "rev-parse", "--verify", "--quiet", "--end-of-options", f"{ref}^{{commit}}"]
    try:
        done = subprocess.run(words, capture_output=True, text=True, check=False)
    except OSError:
        raise UsageError(f"--from {ref}: no such directory, and git is not on the PATH") from None
    except ValueError:
        raise UsageError(f"--from {ref!r}: neither a directory nor a git ref") from None
    if done.returncode != 0:
        raise UsageError(f"--from {ref}: neither a directory nor a commit that git knows here")
    return done.stdout.strip()


def _extract(commit: str, parts: Parts, folder: Path) -> None:
    """Writes those files of a commit that a release needs."""
    words = ["git", "archive", "--format=tar", commit]
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as git:
        assert git.stdout is not None
        assert git.stderr is not None
        try:
            with tarfile.open(fileobj=git.stdout, mode="r|") as archive:
                _write(archive, parts, folder)
        except tarfile.TarError:
            pass  # Git says below what kept it from writing one.
        # Small: what git has to say of a commit that it has just found.
        told = git.stderr.read().decode(errors="replace").strip()
    if git.returncode != 0:
        raise UsageError(f"commit {commit[:12]}: git archive failed: {told}")


def _write(archive: tarfile.TarFile, parts: Parts, folder: Path) -> None:
    """Files first: none is written by way of a link, wherever that leads.

    By hand, since `tarfile`'s filters came with Python 3.11.4 alone. A link that leads out of the
    release is refused when it is taken.
    """
    links: dict[Path, str] = {}
    for member in archive:
        path = PurePosixPath(member.name)
        if path.is_absolute() or ".." in path.parts:
            raise UsageError(f"the commit holds {member.name!r}, which is no path within it")
        if not parts.whole and path.parts[0].removesuffix(".py") not in parts.packages:
            continue
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        if member.issym():
            links[target] = member.linkname
        elif member.isdir():
            target.mkdir(exist_ok=True)
        elif (content := archive.extractfile(member)) is not None:
            with content, target.open("wb") as file:
                shutil.copyfileobj(content, file)
            target.chmod(0o755 if member.mode & 0o100 else 0o644)
    for target, leads_to in links.items():
        target.symlink_to(leads_to)

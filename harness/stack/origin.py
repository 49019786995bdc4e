"""Where a release is taken from: a directory, or a git ref."""

import subprocess
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

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

    def wanted(member: tarfile.TarInfo, path: str) -> tarfile.TarInfo | None:
        top = member.name.split("/")[0].removesuffix(".py")
        if not parts.whole and top not in parts.packages:
            return None
        return tarfile.data_filter(member, path)

    words = ["git", "archive", "--format=tar", commit]
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as git:
        assert git.stdout is not None
        assert git.stderr is not None
        try:
            with tarfile.open(fileobj=git.stdout, mode="r|") as archive:
                archive.extractall(folder, filter=wanted)  # noqa: S202 - it has a filter
        except tarfile.FilterError as error:
            raise UsageError(f"commit {commit[:12]}: {error}") from None
        except tarfile.TarError:
            pass  # Git says below what kept it from writing one.
        # Small: what git has to say of a commit that it has just found.
        told = git.stderr.read().decode(errors="replace").strip()
    if git.returncode != 0:
        raise UsageError(f"commit {commit[:12]}: git archive failed: {told}")

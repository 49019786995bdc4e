"""A PostgreSQL server of the stack's own, from the binaries of a wheel.

A data directory is made once (`initdb` costs most of a second) and copied for each start. The
server runs without fsync: what it acknowledged outlives every process, not the machine.
"""

import hashlib
import os
import signal
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar, NoReturn

from harness.errors import StackError
from harness.stack import disk, postmaster
from harness.stack.binaries import Account, cache_directory, installation, run, settle
from harness.stack.process import die_with

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


@dataclass
class Cluster:
    """One server: its data directory, its port, its only user's password.

    Attributes:
        directory: Made by `prepare`; the data is in `data` below it.
        port: On 127.0.0.1.
        settings: More of `postgresql.conf`, above the defaults.
        disk_holder: The process that holds the disk which `directory` is, if it is one.
    """

    # Until it is ready.
    limit_s: ClassVar[float] = 30

    directory: Path
    version: int
    port: int
    database: str
    password: str = field(repr=False)
    settings: dict[str, str] = field(default_factory=dict)
    disk_holder: int | None = None

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
            run(["cp", "-a", str(template), str(self.data)])
        else:
            self._initialise(binaries, account, template)
        self._single_user(binaries, account, f"ALTER ROLE {self._role} PASSWORD '{self.password}'")

    def _initialise(self, binaries: Path, account: Account, template: Path) -> None:
        run([str(binaries / "initdb"), f"--pgdata={self.data}", *INITDB], account)
        (self.data / "pg_hba.conf").write_text(HBA)
        self._single_user(
            binaries,
            account,
            f"CREATE ROLE {self._role} LOGIN CREATEDB",
            f"CREATE DATABASE {self._role} OWNER {self._role}",
        )
        template.parent.mkdir(parents=True, exist_ok=True)
        partial = template.with_name(f"{template.name}.{os.getpid()}")
        run(["cp", "-a", str(self.data), str(partial)])
        settle(partial, template)

    def command(self, settings: Mapping[str, str | None] | None = None) -> list[str]:
        """The server's command line; it holds no secret."""
        postgres = installation(self.version, Account.for_server()) / "bin" / "postgres"
        options = self._options({**(settings or {}), "port": str(self.port)})
        return [str(postgres), "-D", str(self.data), *options]

    def serve(self) -> NoReturn:
        """Prepares the data directory, then turns this process into the server."""
        parent_pid = os.getppid()
        self._join_disk()
        self.prepare()
        self._become_server(self.command(), parent_pid)

    def resume(self, settings: Mapping[str, str | None]) -> NoReturn:
        """Turns this process into the server, on the data that is there.

        Args:
            settings: Of `postgresql.conf`, above its own; None takes one away.
        """
        parent_pid = os.getppid()
        self._join_disk()
        self._become_server(self.command(settings), parent_pid)

    def forget(self) -> None:
        """Forgets a server that was killed, once nothing of it runs."""
        if self.disk_holder is None:  # Else its memory is that of the holder's namespace.
            postmaster.release(postmaster.memory(self.data))
        postmaster.forget(self._seen_data)

    def is_ready(self) -> bool:
        """Whether the server takes connections, as its own status file says."""
        return postmaster.is_ready(self._seen_data)

    @property
    def _seen_data(self) -> Path:
        """Its data as the supervisor sees it."""
        if self.disk_holder is None:
            return self.data
        return disk.seen_from_outside(self.disk_holder, self.data)

    def _join_disk(self) -> None:
        if self.disk_holder is not None:
            disk.join(self.disk_holder)

    def _become_server(self, command: list[str], parent_pid: int) -> NoReturn:
        Account.for_server().become()
        # A fast end that still takes the server's own children and shared memory along.
        die_with(parent_pid, signal.SIGQUIT)
        os.chdir("/")
        os.execv(command[0], command)

    @property
    def _role(self) -> str:
        return '"' + self.database + '"'

    def _options(self, more: Mapping[str, str | None] | None = None) -> list[str]:
        settings = {**SETTINGS, **self.settings, **(more or {})}
        given = [f"{name}={value}" for name, value in settings.items() if value is not None]
        return [word for each in given for word in ("-c", each)]

    def _template_key(self, binaries: Path) -> str:
        stamp = (binaries / "postgres").stat()
        made_from = (2, self.version, stamp.st_size, self.database, INITDB, HBA, os.geteuid())
        return hashlib.sha256(repr(made_from).encode()).hexdigest()[:16]

    def _single_user(self, binaries: Path, account: Account, *statements: str) -> None:
        postgres = [str(binaries / "postgres"), "--single", "-j", "-D", str(self.data)]
        # Single-user mode reads to an empty line, and tells of errors in its output alone.
        output = run(
            [*postgres, *self._options(), "-c", "exit_on_error=on", "template1"],
            account,
            "".join(f"{statement};\n\n" for statement in statements),
        )
        if "ERROR:" in output:
            raise StackError("PostgreSQL refused to be set up", output)

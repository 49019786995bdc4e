"""A real PostgreSQL for tests: one server a test process, one database a test."""

import asyncio
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import asyncpg

from harness.stack.binaries import Account
from harness.stack.postgres import Cluster
from harness.stack.process import die_with
from harness.stack.sockets import port_of, reserve


class Server:
    """A running server, which a test may stop, kill and start again."""

    def __init__(self, cluster: Cluster) -> None:
        self.cluster = cluster
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        account = Account.for_server()
        parent_pid = os.getpid()
        drops = account.uid != os.geteuid()
        with (self.cluster.directory / "log").open("ab") as log:
            self._process = subprocess.Popen(
                self.cluster.command(),
                stdout=log,
                stderr=log,
                cwd="/",
                user=account.uid if drops else None,
                group=account.gid if drops else None,
                extra_groups=[] if drops else None,
                preexec_fn=lambda: die_with(parent_pid),
            )
        deadline_s = time.monotonic() + 20
        while not self.cluster.is_ready():
            assert self._process.poll() is None, (self.cluster.directory / "log").read_text()
            assert time.monotonic() < deadline_s
            time.sleep(0.002)

    def signal(self, number: int) -> None:
        assert self._process is not None
        self._process.send_signal(number)

    def wait(self) -> None:
        assert self._process is not None
        self._process.wait(10)

    def query(self, database: str, sql: str, *arguments: Any) -> list[tuple[Any, ...]]:
        async def run() -> list[tuple[Any, ...]]:
            connection = await asyncpg.connect(self.url(database))
            try:
                return [tuple(row) for row in await connection.fetch(sql, *arguments)]
            finally:
                await connection.close()

        return asyncio.run(run())

    def url(self, database: str) -> str:
        return self.cluster.url.rpartition("/")[0] + "/" + database


@contextmanager
def server(version: int = 16) -> Iterator[Server]:
    """A server in a folder of its own, gone at the end.

    Its user owns the database `app` and may make others.
    """
    memory = Path("/dev/shm")
    folder = Path(tempfile.mkdtemp(dir=memory if memory.is_dir() else None))
    folder.chmod(0o711)
    with reserve("test") as held:
        cluster = Cluster(folder / "cluster", version, port_of(held), "app", "test-password")
        cluster.prepare()
        running = Server(cluster)
        try:
            running.start()
            yield running
        finally:
            running.signal(signal.SIGQUIT)
            running.wait()
            shutil.rmtree(folder)

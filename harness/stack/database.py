"""The stack's PostgreSQL: started with the stack, and again on the data that it has by then."""

import os
import secrets
import time
from collections.abc import Mapping
from pathlib import Path

from harness.environment import Postgres
from harness.errors import UsageError
from harness.stack import sockets
from harness.stack.addresses import Addresses
from harness.stack.children import Child, Children
from harness.stack.container import Container
from harness.stack.disk import Disk, seen_from_outside
from harness.stack.postgres import Cluster
from harness.stack.source import REFERENCE, source_of
from harness.stack.state import StateDirectory

# Names of processes that are no service of the environment.
POSTGRES, DISK, LINKS = "postgres", "disk", "links"


class Database:
    """What the environment file says of it, as a process.

    Args:
        declared: That part of the file; None where the stack has no database.
        addresses: Gets the database's.
        directory: The stack's.
        children: The processes of the stack.

    Attributes:
        disk: Where its disk is seen from outside, or why it has none of the size that is wanted;
            None where none is wanted.
    """

    def __init__(
        self,
        declared: Postgres | None,
        addresses: Addresses,
        directory: StateDirectory,
        children: Children,
    ) -> None:
        self._declared = declared
        self._addresses = addresses
        self._directory = directory
        self._children = children
        self.disk: dict[str, str] | None = None
        self._server: Cluster | Container | None = None

    @property
    def limit_s(self) -> float:
        """Until it is ready."""
        return self._server.limit_s if self._server else 0

    def is_ready(self) -> bool:
        """Whether it takes connections; the caller's own server, and none, are not asked."""
        return self._server is None or self._server.is_ready()

    def start(self) -> None:
        """Starts it, unless it is the caller's own."""
        declared = self._declared
        if declared is None:
            return
        self._addresses.references[REFERENCE] = source_of(declared)
        if declared.disk_mb and source_of(declared) != "embedded":
            self.disk = {"refused": "the database of this stack comes from elsewhere"}
        given = os.environ.get(declared.url_from) if declared.url_from else None
        if given:
            self._addresses.secrets["stack:postgres.url"] = given
            return
        held = sockets.reserve("stack.postgres", declared.port)
        self._server = server = self._of(declared, sockets.port_of(held))
        self._addresses.references["stack:postgres.port"] = str(server.port)
        self._addresses.secrets["stack:postgres.url"] = server.url
        if isinstance(server, Container):
            held.close()  # The engine binds it, and need not allow re-use.
        self._children.not_inherited.append(held)
        self._children.start(POSTGRES, server.serve, keep=[held])

    def cluster(self) -> Cluster:
        """The server, where it can be ended and started again.

        Raises:
            UsageError: There is none, or it is not of this kind.
        """
        if isinstance(self._server, Cluster):
            return self._server
        if self._declared is None:
            raise UsageError("this stack has no database")
        source = self._addresses.references[REFERENCE]
        raise UsageError(
            f"the database of this stack comes from elsewhere ({source}): only an embedded one is "
            "ended and started by order"
        )

    def resume(self, settings: Mapping[str, str | None], delay_s: float) -> Child:
        """Starts it again on its data, once nothing of it runs."""
        cluster = self.cluster()
        cluster.forget()

        def run() -> None:
            time.sleep(delay_s)
            cluster.resume(settings)

        return self._children.start(POSTGRES, run)

    def _of(self, declared: Postgres, port: int) -> Cluster | Container:
        name, password, settings = declared.database, secrets.token_urlsafe(32), declared.settings
        if declared.source == "container":
            Container.check()
            image = declared.image or f"postgres:{declared.version}"
            return Container(self._directory, image, port, name, password, settings)
        folder = self._directory.runtime / POSTGRES
        holder = self._hold_disk(folder, declared.disk_mb) if declared.disk_mb else None
        return Cluster(folder, declared.version, port, name, password, settings, holder)

    def _hold_disk(self, folder: Path, size_mb: int) -> int | None:
        """Has a process hold a disk there; without one where the system does not allow it."""
        wanted = Disk(folder, size_mb)
        read, write = os.pipe()
        holder = self._children.start(DISK, lambda: wanted.hold(write))
        os.close(write)
        with os.fdopen(read) as answer:
            refused = answer.read()
        if refused:
            self._children.forget([holder])
            self.disk = {"refused": f"this system does not allow a disk of its own: {refused}"}
            return None
        self.disk = {"folder": str(seen_from_outside(holder.pid, folder))}
        return holder.pid

"""A PostgreSQL server of the stack's own, in a container.

A process stands for it below the supervisor: it makes the container, passes its log on, and
removes it when asked to end. What a killed one leaves, `engine` removes.
"""

import asyncio
import importlib.util
import signal
import sys
import time
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

from harness.errors import HarnessError, StackError, UsageError
from harness.stack import postgres
from harness.stack.sockets import LOOPBACK
from harness.stack.state import (
    CONTAINER_ASKED_FOR,
    CONTAINER_MADE,
    CONTAINER_READY,
    StateDirectory,
)

if TYPE_CHECKING:
    from testcontainers.core.container import DockerContainer

OLDEST_VERSION = 15
LOGIN_LIMIT_S = 60.0
POLL_S = 0.05
# Where a server listens is the image's to say: its setup needs its own socket.
SETTINGS = {
    name: value
    for name, value in postgres.SETTINGS.items()
    if name not in ("listen_addresses", "unix_socket_directories")
}


@dataclass(frozen=True)
class Container:
    """One server in a container; towards the stack it has the face of `postgres.Cluster`.

    Attributes:
        state: Of the stack, whose path the container bears.
        image: One that honours POSTGRES_USER, POSTGRES_PASSWORD, POSTGRES_DB and
            POSTGRES_INITDB_ARGS, as `postgres` does. The user is the server's superuser.
        port: On 127.0.0.1, where the engine is on this machine.
        settings: More of `postgresql.conf`, above the defaults.
    """

    # An image that is not here is pulled first.
    limit_s: ClassVar[float] = 300

    state: StateDirectory
    image: str
    port: int
    database: str
    password: str = field(repr=False)
    settings: dict[str, str] = field(default_factory=dict)

    @property
    def url(self) -> str:
        return (
            f"postgresql://{self.database}:{self.password}@{LOOPBACK}:{self.port}/{self.database}"
        )

    @staticmethod
    def check() -> None:
        """Finds out, before anything is started, whether the means are installed.

        Raises:
            UsageError: They are not.
        """
        if importlib.util.find_spec("testcontainers") is None:
            raise UsageError(
                "stack.postgres.source: `container` needs an extra that is not installed: "
                "pip install 'keyarc-verify[container]'"
            )

    def serve(self) -> None:
        """Runs the server until a signal comes, then removes its container.

        Raises:
            SystemExit: It did not start, or did not stay up, in words for the log.
        """
        for number in (signal.SIGQUIT, signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: sys.exit(0))
        try:
            self._serve()
        except HarnessError as error:
            sys.exit(str(error))
        except OSError as error:
            sys.exit(f"the Docker engine does not answer any more: {error}")
        finally:
            for number in (signal.SIGQUIT, signal.SIGTERM, signal.SIGINT):
                signal.signal(number, signal.SIG_IGN)
            self._remove()

    def is_ready(self) -> bool:
        """Whether somebody has logged in, from outside of the container."""
        try:
            return self.state.container_file.read_text() == CONTAINER_READY
        except OSError:
            return False

    def _serve(self) -> None:
        from harness.stack import engine

        engine.remove_containers(self.state)  # One whose state directory somebody deleted.
        self.state.container_file.write_text(CONTAINER_ASKED_FOR)
        running = engine.start(self._declared())
        self.state.container_file.write_text(CONTAINER_MADE)
        self._await_login(running)
        self.state.container_file.write_text(CONTAINER_READY)
        for chunk in running.logs(stream=True, follow=True):
            sys.stdout.buffer.write(chunk)
            sys.stdout.flush()
        raise StackError(f"the container ended with {running.wait()['StatusCode']}")

    def _remove(self) -> None:
        if not self.state.container_file.exists():
            return
        from harness.stack import engine

        with suppress(StackError, OSError):  # The supervisor tries again, and tells.
            engine.remove_containers(self.state)

    def _declared(self) -> "DockerContainer":
        # Not its PostgresContainer: that puts the password on a command line to see who is there.
        from testcontainers.core.container import DockerContainer

        from harness.stack.engine import LABEL

        words = ["postgres"]
        for name, value in {**SETTINGS, **self.settings}.items():
            words += ["-c", f"{name}={value}"]
        container = DockerContainer(self.image, name=self.state.runtime.name)
        container.with_command(words).with_envs(
            POSTGRES_USER=self.database,
            POSTGRES_PASSWORD=self.password,
            POSTGRES_DB=self.database,
            POSTGRES_INITDB_ARGS="--encoding=UTF8 --locale=C",
        )
        # A port alone would be open to the network.
        container.ports["5432"] = (LOOPBACK, self.port)  # type: ignore[assignment] # Docker takes it
        return container.with_kwargs(labels={LABEL: str(self.state.path)})

    def _await_login(self, running: Any) -> None:
        deadline_s = time.monotonic() + LOGIN_LIMIT_S
        while isinstance(came := asyncio.run(self._version()), str):
            running.reload()
            is_over = time.monotonic() > deadline_s
            if is_over or running.status != "running":
                sys.stdout.buffer.write(running.logs(tail=12))
                what = "lets nobody in" if is_over else f"is {running.status}"
                raise StackError(f"{self.image}: the container {what}: {came}")
            time.sleep(POLL_S)
        if came < OLDEST_VERSION:
            raise StackError(
                f"{self.image} is PostgreSQL {came}; {OLDEST_VERSION} or newer is needed"
            )

    async def _version(self) -> int | str:
        """The server's major version, or why nobody can log in."""
        import asyncpg

        try:
            connection = await asyncpg.connect(self.url, timeout=POLL_S * 40)
        except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
            return str(error) or type(error).__name__
        try:
            return int(connection.get_server_version().major)
        finally:
            await connection.close()

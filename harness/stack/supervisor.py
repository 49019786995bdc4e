"""The process that starts a stack, stays above it, and ends it.

It is also the parent that services are forked from: it imports what they need, once, and runs no
thread and no event loop of its own.
"""

import argparse
import os
import signal
import socket
import sys
import time
from pathlib import Path

from harness.errors import HarnessError, UsageError
from harness.stack import guard, postmaster, process
from harness.stack.channel import Channel
from harness.stack.children import Children
from harness.stack.source import SOURCES, Source, with_source
from harness.stack.state import StateDirectory
from harness.stack.watch import Stop, Watch

CLEANED_WITHIN_S = 5.0


class Supervisor:
    """One stack, from its first process to its last."""

    def __init__(
        self,
        env: str,
        state_dir: Path,
        release: str,
        channel: Channel,
        *,
        rehearse: bool,
        database: Source | None,
        links: bool,
    ) -> None:
        self._env = env
        self._rehearse = rehearse
        self._database = database
        self._links = links
        self._release = release
        self._channel = channel
        self._directory = StateDirectory(state_dir)
        self._watch = Watch(channel)
        self._children = Children(self._directory, self._watch)
        self._guard_pid: int | None = None

    def run(self) -> None:
        """Returns when the stack has ended and nothing of it is left."""
        self._directory.make()
        self._hold()
        try:
            if self._directory.leftovers():
                from harness.stack.sweep import clean  # Needed after an accident alone.

                self._channel.say("cleaned", text=clean(self._directory))
            process.write_to(self._directory.log_file("supervisor"))
            self._set_guard()
            self._start_and_stay()
        except Stop:
            return
        finally:
            self._end()

    def _hold(self) -> None:
        """Takes the stack's lock, after a guard that may just be cleaning up."""
        deadline_s = time.monotonic() + CLEANED_WITHIN_S
        while not self._directory.try_hold():
            state = self._directory.read()
            if state or time.monotonic() > deadline_s:
                since = f"since {state['started_at']}" if state else "still starting"
                raise UsageError(
                    f"a stack is up in {self._directory.path} already, {since}; "
                    "`keyarc-verify down` ends it"
                )
            time.sleep(0.01)

    def _set_guard(self) -> None:
        read, write = os.pipe()
        alive = os.fdopen(write, "wb", buffering=0)
        directory, watch = self._directory, self._watch

        def stand() -> None:
            alive.close()
            watch.close()
            guard.stand(directory, read)

        self._guard_pid = process.fork(stand, outlives=True)
        os.close(read)
        self._children.not_inherited.append(alive)

    def _start_and_stay(self) -> None:
        from harness import rehearsal
        from harness.environment import find, parse
        from harness.stack.keeper import Keeper
        from harness.stack.startup import Startup

        file = find(self._env)
        environment = rehearsal.staged(file) if self._rehearse else parse(file)
        if self._database is not None:
            environment = with_source(environment, self._database)
        startup = Startup(
            environment,
            self._directory,
            self._children,
            watch=self._watch,
            release=self._release,
            links=self._links,
        )
        startup.run()
        self._directory.write_secrets(startup.addresses.secrets)
        keeper = Keeper(
            environment, file, self._directory, startup, children=self._children, watch=self._watch
        )
        self._channel.say("ready")
        keeper.stay()

    def _end(self) -> None:
        """Services first, so that what they have begun still finds its database."""
        databases = [child for child in self._children.all if child.name == "postgres"]
        links = [child for child in self._children.all if child.name == "links"]
        others = [each for each in self._children.all if each not in [*databases, *links]]
        self._children.stop(others, signal.SIGTERM)
        self._children.stop(links, signal.SIGTERM)
        # Nothing of the data is kept: there is no need to bring it in order.
        self._children.stop(databases, signal.SIGQUIT)
        postmaster.release(postmaster.memory(self._directory.runtime / "postgres" / "data"))
        if self._directory.container_file.exists():
            from harness.stack.sweep import sweep_containers  # Needed after an accident alone.

            sweep_containers(self._directory)
        if self._guard_pid is not None and self._guard_pid not in self._watch.ended:
            os.kill(self._guard_pid, signal.SIGKILL)
            os.waitpid(self._guard_pid, 0)
        self._directory.remove()


def main() -> None:
    arguments = _arguments()
    channel = Channel(socket.socket(fileno=arguments.channel))
    try:
        supervisor = Supervisor(
            arguments.env,
            arguments.state_dir,
            arguments.release,
            channel,
            rehearse=arguments.rehearse,
            database=arguments.database,
            links=arguments.links,
        )
        supervisor.run()
        # All is done; unloading what was imported for the services would only keep `down` waiting.
        os._exit(0)
    except HarnessError as error:
        code = 2 if isinstance(error, UsageError) else 20
        channel.say("failed", text=str(error), code=code)
        sys.exit(code)
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        channel.say("failed", text=f"{where}{error.strerror}", code=20)
        sys.exit(20)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--env", required=True)
    parser.add_argument("--state-dir", type=Path, required=True)
    parser.add_argument("--release", required=True)
    parser.add_argument("--rehearse", action="store_true")
    parser.add_argument("--database", choices=SOURCES)
    parser.add_argument("--links", action="store_true")
    parser.add_argument("--channel", type=int, required=True)
    return parser.parse_args()


if __name__ == "__main__":
    main()

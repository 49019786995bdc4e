"""Brings a stack up: PostgreSQL, migrations, services, in an order that wastes no time.

While the database starts and migrates on one core, this process imports on another what its
services need, and then forks them.
"""

import gc
import time
from collections.abc import Callable

from harness.environment import Environment, StackService
from harness.errors import StackError, UsageError
from harness.registry import PLATFORMS
from harness.stack import program, sockets
from harness.stack.addresses import Addresses
from harness.stack.children import Child, Children
from harness.stack.code import Code, code_at_up
from harness.stack.database import LINKS, POSTGRES, Database
from harness.stack.instances import MIGRATE, Instances, failure
from harness.stack.preload import is_loaded, preload
from harness.stack.readiness import Probe
from harness.stack.state import StateDirectory
from harness.stack.watch import Watch

LINKS_LIMIT_S = 30.0
MIGRATE_LIMIT_S = 120.0
POLL_S = 0.005


class Startup:
    """What `up` does, a method a step."""

    def __init__(
        self,
        environment: Environment,
        directory: StateDirectory,
        children: Children,
        *,
        watch: Watch,
        release: str,
        links: bool = False,
    ) -> None:
        if environment.stack is None:
            hint = "; `--rehearse` starts one in its shape" if environment.rehearsal else ""
            raise UsageError(f"{environment.name} has no `stack`: it is not started here{hint}")
        self.stack = environment.stack
        files = str(directory.ca_file), str(directory.logs)
        self.addresses = Addresses(self.stack, release, *files)
        self.instances = Instances(environment, self.addresses, children, watch)
        self._environment = environment
        self._release = release
        self.links: list[str] | None = [] if links else None
        self._services = environment.services
        self._directory = directory
        self._children = children
        self._watch = watch
        self.database = Database(self.stack.postgres, self.addresses, directory, children)

    def run(self) -> None:
        """Returns when everything is ready.

        Raises:
            UsageError: The environment file asks for what cannot be.
            StackError: Something did not start; the end of its log is in the error.
            Stop: Somebody wants the stack to end.
        """
        for name, service in self.stack.services.items():
            program.check(name, service)
        self._children.not_inherited.extend(self.addresses.take())
        self._start_nameserver()
        self._start_stand_in()
        self.database.start()
        links = self._start_links()
        migration = None
        for _ in preload(self.stack):
            migration = migration or self._start_migration()
            self._look()
        migration = self._have_migration_started(migration)
        # Others are at work now.
        code = code_at_up(self._environment, self._release)
        self._have_migrated(migration)
        self._certify()
        if links is not None:
            self._until(LINKS, lambda: links.is_ready, LINKS_LIMIT_S)
        # What is here now is shared with every child for as long as nobody touches it.
        gc.freeze()
        for name in self.stack.services:
            self.instances.start(name, code)
        probes = {name: self.instances.probe(name) for name in self.stack.services}
        for name, service in self.stack.services.items():
            self._await(name, service, probes[name])

    def _start_nameserver(self) -> None:
        held = self.addresses.nameserver
        if held is None:
            return
        names = {name: [sockets.LOOPBACK] for name in self.stack.names}

        def run() -> None:
            from harness.stack.nameserver import serve

            serve(held, names)

        self._children.start("nameserver", run, keep=[held])
        held.close()

    def _start_stand_in(self) -> None:
        """What answers for the platform that a rehearsed environment is deployed on."""
        held, platform = self.addresses.platform, self.stack.platform
        if held is None or platform is None:
            return

        def run() -> None:
            stand_in = PLATFORMS.load(platform).stand_in
            stand_in(held, self._environment, self._directory.path)

        self._children.start("platform", run, keep=[held])
        held.close()

    def _start_links(self) -> Child | None:
        if self.links is None:
            return None
        # Needed by a stack with links alone.
        from harness.stack import ways

        known = {**self.addresses.references, **self.addresses.secrets}
        every = list(ways.ways(self._environment, known))
        for way in every:
            self.addresses.ways.setdefault(way.service, {}).update(way.references)
        self.links.extend(map(str, every))
        return ways.start(every, self._directory.links, self._children)

    def _start_migration(self) -> Child | None:
        """Starts the migration, once PostgreSQL is there and what it needs is imported."""
        job = self.stack.migrate
        if job is None or not is_loaded(job) or not self.database.is_ready():
            return None
        return self.instances.start_job(job, Code(release=self._release, identity=""))

    def _have_migration_started(self, migration: Child | None) -> Child | None:
        # Its status file is all that PostgreSQL tells without being asked by a client.
        self._until(POSTGRES, self.database.is_ready, self.database.limit_s, poll_s=POLL_S)
        return migration or self._start_migration()

    def _have_migrated(self, job: Child | None) -> None:
        if job is not None:
            self._until(MIGRATE, lambda: job.end is not None, MIGRATE_LIMIT_S)

    def _certify(self) -> None:
        names = {name: service.tls for name, service in self.stack.services.items() if service.tls}
        if not names:
            return
        from harness.stack.certificate import Authority

        authority = Authority()
        authority.write(self._directory.ca_file)
        for name, hosts in names.items():
            context = authority.server_context(hosts, self._directory.runtime)
            self.addresses.sockets[name].tls = context

    def _await(self, name: str, service: StackService, probe: Probe) -> None:
        own = [child for child in self._children.all if child.service == name]

        def is_up() -> bool:
            return all(child.is_ready for child in own) and probe.passes()

        self._until(name, is_up, service.start_timeout_s, poll_s=POLL_S * 4)

    def _until(
        self, name: str, done: Callable[[], bool], limit_s: float, *, poll_s: float | None = None
    ) -> None:
        """Waits for one thing while it looks after all."""
        deadline_s = time.monotonic() + limit_s
        while not done():
            left_s = deadline_s - time.monotonic()
            if left_s <= 0:
                raise self._failure(name, f"was not ready within {limit_s:g} s")
            self._watch.wait(min(left_s, poll_s or left_s))
            self._look()

    def _look(self) -> None:
        """Fails when anything ended that should not have, or not in that way."""
        self._watch.wait(0)
        for child in self._children.notice():
            if child.name != MIGRATE or child.end != "exited with 0":
                raise self._failure(child.name, str(child.end))

    def _failure(self, name: str, what: str) -> StackError:
        return failure(f"{name} {what}", self._directory.log_tail(name))

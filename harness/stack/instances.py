"""The instances of the services: started on their sockets, followed until they are ready."""

import signal
from collections.abc import Callable, Mapping

from harness.environment import Environment, Program
from harness.errors import StackError
from harness.stack import program, sockets
from harness.stack.addresses import Addresses
from harness.stack.children import Child, Children
from harness.stack.code import Code
from harness.stack.readiness import Probe
from harness.stack.serving import DRAIN
from harness.stack.watch import Watch

MIGRATE = "migrate"


class Instances:
    """Starts what the environment declares.

    The listening sockets stay open here, so that an instance can be replaced by another one while
    callers arrive. A service of which nothing lives refuses its callers all the same.

    Attributes:
        codes: What each service was last started from.
    """

    def __init__(
        self, environment: Environment, addresses: Addresses, children: Children, watch: Watch
    ) -> None:
        assert environment.stack is not None, "only what has a stack is started"
        self.stack = environment.stack
        self.codes: dict[str, Code] = {}
        self._services = environment.services
        self._addresses = addresses
        self._children = children
        self._watch = watch
        watch.before_end = self._refuse_if_last

    def count(self, name: str) -> int:
        return self._services[name].instances if name in self._services else 1

    def logs(self, name: str) -> list[str]:
        """The names of a service's processes, and of their logs."""
        count = self.count(name)
        return [name] if count == 1 else [f"{name}-{each}" for each in range(1, count + 1)]

    def filled(self, settings: Mapping[str, str | None]) -> dict[str, str | None]:
        """Settings with what their references stand for.

        Raises:
            UsageError: One refers to something that there is not.
        """
        fill = self._addresses.fill
        return {name: None if text is None else fill(text) for name, text in settings.items()}

    def start(
        self,
        name: str,
        code: Code,
        *,
        settings: Mapping[str, str | None] | None = None,
        delay_s: float = 0.0,
    ) -> list[Child]:
        """Starts all instances of a service, beside those that may run already.

        Args:
            name: The service's.
            code: What it runs.
            settings: What it gets above its own; None takes one away.
            delay_s: How long it does nothing at first.
        """
        service, held = self.stack.services[name], self._addresses.sockets[name]
        if service.python:
            for each in held.all():
                sockets.begin(f"stack.services.{name}", each)
        started = []
        for number, log in enumerate(self.logs(name), start=1):
            instance = f"{name}-{number}"
            env = self._addresses.environment(
                service, instance, code.release, service=name, settings=settings
            )
            if service.python:
                forked = program.Service(service.python, env, held, code, delay_s)
                started.append(
                    self._children.start_announced(
                        log, forked.run, service=name, keep=held.all(), code=code
                    )
                )
            else:
                started.append(self.start_command(log, name, service, env, code, delay_s))
        self.codes[name] = code
        return started

    def start_job(self, job: Program, code: Code) -> Child:
        """Starts the migration."""
        env = self._addresses.environment(job, MIGRATE, code.release)
        if job.python:
            return self._children.start(MIGRATE, program.Job(job.python, env, code).run)
        return self.start_command(MIGRATE, MIGRATE, job, env, code)

    def start_command(
        self,
        log: str,
        service: str,
        declared: Program,
        environment: dict[str, str],
        code: Code,
        delay_s: float = 0.0,
    ) -> Child:
        fill = self._addresses.fill
        words = [fill(word, "", code.release, service) for word in declared.command or []]
        run = program.Command(words, environment, code, delay_s).become
        return self._children.start(log, run, service=service, is_group=True, code=code)

    def probe(self, name: str) -> Probe:
        return Probe(self._addresses.references[f"stack:{name}.url"], self._services.get(name))

    def is_shared(self, name: str) -> bool:
        """Whether two generations of a service can answer on its port together."""
        return self.stack.services[name].python is not None

    def ready(self, name: str, started: list[Child]) -> Callable[[], bool]:
        """Tells whether these instances are ready. A command does not tell: it is asked."""
        if self.is_shared(name):
            return lambda: all(child.is_ready for child in started)
        return self.probe(name).passes

    def drain(self, which: list[Child]) -> None:
        """Has instances end when the last of their clients has gone."""
        for child in which:
            child.is_leaving = True
            child.send(DRAIN if child.is_ready and not child.is_group else signal.SIGTERM)

    def _refuse_if_last(self, pid: int) -> None:
        """A service that has died must refuse its callers, not leave them waiting here."""
        dead = [child for child in self._children.all if child.pid == pid]
        for child in dead:
            name = child.service
            held = self._addresses.sockets.get(name)
            others = [each for each in self._children.living(name) if each.pid != pid]
            if held is None or others or not self.is_shared(name) or held.main.fileno() < 0:
                continue
            kept = self._children.not_inherited
            for old, new in self._addresses.refuse(name):
                kept[:] = [new if each is old else each for each in kept]


def failure(what: str, log: str) -> StackError:
    """What did not work, with the end of its log where it left one."""
    return StackError(what + ("; its log ends:" if log else ""), log)

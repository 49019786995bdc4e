"""Looks at the health and the liveness of every service, again and again."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field

from harness.environment import Environment, Service
from harness.errors import ContractViolation, Unreachable
from harness.exchange import EvidenceClient
from harness.matrix.observation import Observation, What, read
from harness.trail import Trail

# Between two looks at one service. Each costs the service, and what it depends on, some work: so
# they are many only while something is waited for.
PAUSE_S = 0.15
LIVE_PAUSE_S = 0.5
CALM_PAUSE_S = 1.5
# Above what any health answer may take: who has not answered by then is silent.
LIMIT_S = 2.8


@dataclass
class Observer:
    """Watches one system.

    Attributes:
        seen: What was seen since `fresh`, in the order of the answers.
    """

    environment: Environment
    client: EvidenceClient
    seen: list[Observation] = field(default_factory=list)
    _eager: asyncio.Event = field(default_factory=asyncio.Event)
    _news: asyncio.Condition = field(default_factory=asyncio.Condition)
    _zero_s: float = field(default_factory=time.monotonic)

    @asynccontextmanager
    async def watching(self) -> AsyncIterator[None]:
        """Looks at all services for as long as the context lasts."""
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(work) for work in self._work()]
            try:
                yield
            finally:
                for task in tasks:
                    task.cancel()

    @contextmanager
    def eager(self) -> Iterator[None]:
        """Looks often for as long as the context lasts."""
        self._eager.set()
        try:
            yield
        finally:
            self._eager.clear()

    def fresh(self) -> None:
        """Begins anew: the clock at zero, and nothing seen."""
        self._zero_s = time.monotonic()
        self.seen.clear()

    @property
    def now_s(self) -> float:
        return time.monotonic() - self._zero_s

    async def until(self, done: Callable[[Sequence[Observation]], bool], limit_s: float) -> bool:
        """Waits until what was seen is enough. Returns False where it never was."""
        try:
            async with asyncio.timeout(limit_s), self._news:
                await self._news.wait_for(lambda: done(self.seen))
        except TimeoutError:
            return False
        return True

    def _work(self) -> Iterator[Coroutine[object, object, None]]:
        for name, service in self.environment.services.items():
            yield self._look_always(name, service, "health", service.health.path)
            if service.health.live is not None:
                yield self._look_always(name, service, "live", service.health.live)

    async def _look_always(self, name: str, service: Service, what: What, path: str) -> None:
        formatted = service.health.format != "none"
        while True:
            seen = await self._look(name, what, service.url + path, formatted=formatted)
            async with self._news:
                self.seen.append(seen)
                self._news.notify_all()
            await asyncio.sleep(PAUSE_S if what == "health" else LIVE_PAUSE_S)
            if not self._eager.is_set():
                with suppress(TimeoutError):
                    async with asyncio.timeout(CALM_PAUSE_S):
                        await self._eager.wait()

    async def _look(self, name: str, what: What, url: str, *, formatted: bool) -> Observation:
        asked_s = self.now_s
        request = self.client.build("GET", url)
        told: dict[str, object]
        with Trail().followed():
            try:
                told = read(await self.client.send(request, LIMIT_S), formatted=formatted)
            except Unreachable as error:
                told = {"trouble": str(error)}
            except (ContractViolation, ValueError) as error:
                told = {"trouble": str(error)}
        return Observation(
            service=name,
            what=what,
            asked_s=asked_s,
            answered_s=self.now_s,
            **told,  # type: ignore[arg-type]
        )

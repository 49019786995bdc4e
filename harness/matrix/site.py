"""A stack of this machine as a place for faults."""

import asyncio
from collections.abc import Coroutine, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any
from urllib.parse import urlsplit

import psutil

from harness.environment import Environment
from harness.faults._whole import whole
from harness.link.client import Links
from harness.matrix.trial import POSTGRES, database_name
from harness.stack import control
from harness.stack.state import StateDirectory

ORDER_LIMIT_S = 30.0


@dataclass
class StackSite:
    """See `harness.faults.Site`.

    Attributes:
        environment: With its `stack`; all else filled in.
    """

    environment: Environment
    references: Mapping[str, str] = field(repr=False)
    state: StateDirectory
    _tasks: dict[str, asyncio.Task[None]] = field(default_factory=dict)

    @property
    def innards(self) -> list[str]:
        """What tells where something is inside, and so must never be told."""
        public = {
            urlsplit(service.url).port
            for service in self.environment.services.values()
            if service.visibility == "public"
        }
        ports = (value for key, value in self.references.items() if key.endswith("port"))
        return [f":{port}" for port in ports if int(port) not in public]

    @cached_property
    def links(self) -> Links:
        return Links(self.state.links)

    def pids(self, service: str) -> Sequence[int]:
        told = (self.state.read() or {"processes": []})["processes"]
        own = [p["pid"] for p in told if p["service"] == self._known(service) and p["end"] is None]
        found = []
        for pid in own:
            try:
                process = psutil.Process(pid)
                found += [pid, *(child.pid for child in process.children(recursive=True))]
            except psutil.NoSuchProcess:
                continue
        return found

    async def stop(self, service: str, *, at_once: bool) -> None:
        await whole(
            asyncio.to_thread(
                control.stop,
                self.state.path,
                self._known(service),
                at_once=at_once,
                limit_s=ORDER_LIMIT_S,
            )
        )

    async def start(
        self, service: str, *, settings: Mapping[str, str | None] | None = None, delay_s: float = 0
    ) -> None:
        await whole(
            asyncio.to_thread(
                control.start,
                self.state.path,
                self._known(service),
                settings=settings,
                delay_s=delay_s,
                limit_s=ORDER_LIMIT_S,
            )
        )

    def meanwhile(self, key: str, work: Coroutine[Any, Any, None]) -> None:
        assert key not in self._tasks, f"{key} goes on already"
        self._tasks[key] = asyncio.create_task(work, name=key)

    async def over(self, key: str) -> None:
        task = self._tasks.pop(key, None)
        if task is not None:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    async def close(self) -> None:
        """Ends whatever still goes on."""
        for key in list(self._tasks):
            await self.over(key)
        if "links" in self.__dict__:
            await self.links.aclose()

    def _known(self, service: str) -> str:
        """The stack's own name of it: it calls its database the same in every environment."""
        return POSTGRES if service == database_name(self.environment) else service

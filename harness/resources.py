"""Resources: set up once a run, shared, and removed by the task that set them up."""

import asyncio
import inspect
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack

from harness.attempt import Ended, Limits, attempt
from harness.check import Resource
from harness.ending import finding_of, may_pass_again
from harness.errors import Blocked, HarnessError
from harness.model import Outcome
from harness.trail import Trail

Report = Callable[[Resource, list[Ended]], None]


class Resources:
    """All resources of a run.

    Args:
        declared: By name.
        built_in: What resources can ask for beside each other.
        report: Told how each one ended: its set-up, and its removal if it came to that.
    """

    def __init__(
        self,
        declared: Mapping[str, Resource],
        built_in: Mapping[str, object],
        *,
        report: Report,
        limits: Limits,
    ) -> None:
        self.declared = declared
        self.built_in = built_in
        self.report = report
        self.limits = limits
        self._owners: dict[str, _Owner] = {}

    def begin(self) -> None:
        """Sets all of them up at once, before anything asks for one."""
        for name in self.declared:
            self._owner(name)

    async def get(self, name: str) -> object:
        """A resource's value. It goes on being set up when who asks for it is cancelled.

        Raises:
            Blocked: It could not be set up.
        """
        if name in self.built_in:
            return self.built_in[name]
        value = await asyncio.shield(self._owner(name).value)
        if isinstance(value, Blocked):
            raise Blocked(value.by, failed=value.failed)
        return value

    def _owner(self, name: str) -> "_Owner":
        if name not in self._owners:
            self._owners[name] = _Owner(self.declared[name], self)
        return self._owners[name]

    async def close(self) -> None:
        """Removes them, each once nothing is left that needs it."""
        closed: set[_Owner] = set()
        while left := set(self._owners.values()) - closed:
            needed = {need for owner in left for need in owner.resource.needs}
            free = [owner for owner in left if owner.resource.name not in needed]
            await asyncio.gather(*(owner.close() for owner in free))
            closed.update(free)


class _Owner:
    """The task of one resource."""

    def __init__(self, resource: Resource, resources: Resources) -> None:
        self.resource = resource
        self._resources = resources
        self._release = asyncio.Event()
        self._arguments: dict[str, object] = {}
        self._generator: AsyncIterator[object] | None = None
        self.value: asyncio.Future[object] = asyncio.get_running_loop().create_future()
        self._task = asyncio.create_task(self._live(), name=f"resource {resource.name}")

    async def close(self) -> None:
        """Ends it in order, or, when it does not within its time, at once."""
        self._release.set()
        limits = self._resources.limits
        await asyncio.wait({self._task}, timeout=limits.cleanup_s + 1)
        if not self._task.done():
            self._task.cancel()
            await asyncio.wait({self._task}, timeout=limits.cleanup_s)

    async def _live(self) -> None:
        try:
            ended = await self._set_up()
            if self._generator is not None and self.value.done():
                await self._release.wait()
                ended.append(await attempt(self._remove, self._cleanup_limits()))
            self._resources.report(self.resource, ended)
        finally:
            if not self.value.done():
                self.value.set_result(Blocked(self.resource.name, failed=False))

    async def _set_up(self) -> list[Ended]:
        try:
            for name in self.resource.needs:
                self._arguments[name] = await self._resources.get(name)
        except Blocked as blocked:
            self.value.set_result(blocked)
            return [Ended(blocked, Trail(), 0.0, None)]
        ended = [await attempt(self._begin, self._resources.limits)]
        if may_pass_again(ended[0].error):
            ended.append(await attempt(self._begin, self._resources.limits))
        error = ended[-1].error
        if error is not None:
            self._generator = None
            self._block(error)
        return ended

    def _block(self, error: BaseException) -> None:
        # Silence counts as the system's fault here: whose it is shows in the resource's result.
        outcome = finding_of(error, {"another origin"}).outcome
        failed = outcome is not Outcome.ERROR
        self.value.set_result(Blocked(self.resource.name, failed=failed))

    async def _begin(self, cleanup: AsyncExitStack) -> None:
        made = self.resource.function(**self._arguments)
        if inspect.isawaitable(made):
            value = await made
        else:
            self._generator = made
            value = await anext(made)
        self.value.set_result(value)

    async def _remove(self, cleanup: AsyncExitStack) -> None:
        assert self._generator is not None, "only what a generator set up is removed"
        async for _ in self._generator:
            raise HarnessError(f"resource {self.resource.name} yields more than once")

    def _cleanup_limits(self) -> Limits:
        limits = self._resources.limits
        return Limits(work_s=limits.cleanup_s, cleanup_s=limits.cleanup_s)

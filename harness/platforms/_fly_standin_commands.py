"""A stand-in, not Fly: the machines that run a release command, and are gone when it has ended."""

from collections.abc import Mapping
from typing import Any

from harness.platforms import _fly_standin_shapes as shapes
from harness.platforms._fly_standin_http import Answer, answer
from harness.platforms._fly_standin_memory import Backend, Machine, Wanted, wanted_in

_GROUP = "fly_app_release_command"


class ReleaseCommands:
    """By the ids of their machines.

    A machine is made stopped, then started; it has ended well or badly by the time that flyctl
    hears that it runs.
    """

    def __init__(self, backend: Backend) -> None:
        self._backend = backend
        self._made: dict[tuple[str, str], tuple[Wanted, list[str]]] = {}
        self._codes: dict[tuple[str, str], int] = {}

    def made(self, app: str, config: Mapping[str, Any]) -> Answer | None:
        """One more; None where it is to be a machine of another kind."""
        if config["metadata"].get("fly_process_group") != _GROUP:
            return None
        id_ = f"c0{len(self._made):012x}"
        self._made[app, id_] = wanted_in(config), list(config["init"]["cmd"])
        return answer(self._shape(app, id_))

    async def answered(self, app: str, id_: str, method: str, words: list[str]) -> Answer | None:
        """What is said of one; None where there is none of this id."""
        if (app, id_) not in self._made:
            return None
        if (method, words) == ("POST", ["start"]):
            wanted, command = self._made[app, id_]
            self._codes[app, id_] = await self._backend.run(app, command, wanted)
        return answer(self._shape(app, id_) | {"ok": True, "previous_state": "stopped"})

    def _shape(self, app: str, id_: str) -> dict[str, object]:
        wanted, _ = self._made[app, id_]
        code = self._codes.get((app, id_))
        one = Machine(
            id=id_,
            digest=wanted.digest,
            release=wanted.release,
            repository=wanted.repository,
            state="stopped" if code is None else "destroyed",
        )
        events = [] if code is None else [shapes.exited(code), shapes.STARTED]
        shape = shapes.machine(app, one)
        return {**shape, "checks": [], "events": events}

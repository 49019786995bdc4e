"""A small Jepsen: seeded writers, the history of what they did, and what has to be there of it.

Words as there: clients (`scribe`) do what their generator says, each operation is invoked and ends
ok, fail or info, and a checker (`harness.matrix.history`) judges what is read in the end.
"""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from random import Random
from uuid import UUID

from harness.errors import HarnessError
from harness.matrix.history import check
from suites.health.asking import Asker
from suites.health.notebook import Notebook
from suites.health.people import Person
from suites.health.reading import read_all
from suites.health.registers import ROOT, folder_of, team_of
from suites.health.scribe import Place, Scribe
from suites.health.values import ciphertext
from suites.keyarc.stored import NewFolder

SCRIBES = 3
FOLDERS = ("one", "other")
# A write that nobody heard of is done by then, if it ever is, on a system that is well again: what
# was under way in a service or on a way to it. Until so long after, it may surprise nobody.
SETTLED_S, SURPRISE_S = 1.0, 5.0


class Writer:
    """Writers of one user, who write all the time, but for when it is looked what is there."""

    def __init__(self, who: Person, notebook: Notebook) -> None:
        self._who, self._notebook = who, notebook
        self._scribes: list[Scribe] = []
        self._folders: dict[UUID, str] = {}
        self._named: dict[UUID, str] = {}
        self._writing: list[asyncio.Task[None]] = []
        self._told: set[str] = set()

    def writes(self) -> tuple[int, int]:
        history = self._notebook.history
        return history.acknowledged, history.unknown

    async def lost(self) -> list[str]:
        """As `Workload.lost`.

        Raises:
            HarnessError: A writer has broken down, or it cannot be read what is there.
        """
        for task in self._writing:
            if task.done():
                error = None if task.cancelled() else task.exception()
                raise HarnessError(f"{task.get_name()} no longer writes: {error!r}")
        async with AsyncExitStack() as quiet:
            for scribe in self._scribes:
                await quiet.enter_async_context(scribe.busy)
            await asyncio.sleep(self._notebook.unknown_s + SETTLED_S - time.monotonic())
            return await self._look()

    async def _look(self) -> list[str]:
        read = await read_all(self._who, self._folders, self._named)
        history = self._notebook.history
        # What is wrong by itself stays so, and is told once.
        anew = [sentence for sentence in read.wrong if sentence not in self._told]
        self._told.update(anew)
        sentences = [*anew, *check(history.operations, read.values)]
        history.resolve(read.values, since_s=time.monotonic() - SURPRISE_S)
        for scribe in self._scribes:
            own = f"{scribe.name} "
            scribe.adopt([each for each in read.secrets if each.name.startswith(own)])
        return sentences

    async def prepare(self, chance: Random) -> None:
        """Makes, while all is well, what is written to later."""
        folders = {name: await self._folder(name) for name in FOLDERS}
        self._folders = {id_: name for name, id_ in folders.items()}
        for number in range(1, SCRIBES + 1):
            name = f"writer {number}"
            team = await self._who.account.create_team(
                name=name, encrypted_team_key=ciphertext(chance, size_bytes=256)
            )
            place = Place(await self._folder(name), folders, team.team_id, profile=number == 1)
            self._named |= {place.folder: folder_of(name), place.team: team_of(name)}
            self._notebook.history.knows(folder_of(name), f"{name} in {ROOT}")
            self._notebook.history.knows(team_of(name), name)
            # Its own: what it does must not follow from how fast the others are.
            own = Random(chance.getrandbits(64))  # noqa: S311 - seeded on purpose
            self._scribes.append(Scribe(name, self._notebook, self._who, place, own))

    @asynccontextmanager
    async def writing(self) -> AsyncIterator[None]:
        for scribe in self._scribes:
            self._writing.append(asyncio.create_task(scribe.write(), name=scribe.name))
        try:
            yield
        finally:
            for task in self._writing:
                task.cancel()
            for task in self._writing:
                with suppress(asyncio.CancelledError, Exception):
                    await task

    async def _folder(self, name: str) -> UUID:
        return (await self._who.keys.create_folder(NewFolder(name=name, owner_type="user"))).id


async def prepared(asker: Asker, who: Person, chance: Random) -> Writer:
    """A writer with all that it needs, who has written nothing yet."""
    writer = Writer(who, Notebook(asker, who.targets["gateway"]))
    await writer.prepare(chance)
    return writer
